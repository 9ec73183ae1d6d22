package main

import (
	"reflect"
	"testing"
)

func TestReplaced(t *testing.T) {
	was := subject{user: 901, session: 7001, department: "Department 000000000900", hash: []byte("old")}
	is := subject{user: 55, session: 8002, department: "Department 000000000054", hash: []byte("new")}
	surname := "Surname 0000901"
	got := step{values: []any{
		int64(901), int64(7001), int64(3), "user0000901@example.org", &surname, (*string)(nil), "[901]", "Department 000000000900", []byte("old"), []byte("other"), true,
	}}.replaced(was, is)
	want := []any{
		int64(55), int64(8002), int64(3), "user0000055@example.org", "Surname 0000055", nil, "[55]", "Department 000000000054", []byte("new"), []byte("other"), true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A user's roles change to and fro, so there is a form of the statements for each.
func TestForms(t *testing.T) {
	s := &script{users: 4, forms: []form{{about: subject{user: 1}}, {about: subject{user: 2}}}}
	for n, want := range []int64{1, 1, 1, 2, 2, 2, 1} {
		if got := s.form(int64(n)).about.user; got != want {
			t.Errorf("the change %d is of the form %d, want %d", n, got, want)
		}
	}
	for pass := range int64(2) {
		if n := s.recorded(pass); n < sessions || s.form(n).about.user != pass+1 {
			t.Errorf("change %d is recorded for pass %d", n, pass)
		}
	}
}
