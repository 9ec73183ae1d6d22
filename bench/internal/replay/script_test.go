package replay

import (
	"reflect"
	"testing"
)

func TestForSubject(t *testing.T) {
	from := Subject{UserID: 901, SessionID: 7001, Department: "Department 000000000900", TokenHash: []byte("old")}
	to := Subject{UserID: 55, SessionID: 8002, Department: "Department 000000000054", TokenHash: []byte("new")}
	surname := "Surname 0000901"
	got := Statement{Args: []any{
		int64(901), int64(7001), int64(3), "user0000901@example.org", &surname, (*string)(nil), "[901]",
		"Department 000000000900", []byte("old"), []byte("other"), true,
	}}.forSubject(from, to).Args
	want := []any{
		int64(55), int64(8002), int64(3), "user0000055@example.org", "Surname 0000055", nil, "[55]",
		"Department 000000000054", []byte("new"), []byte("other"), true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestRecordings checks that each pass over the users replays the next recording: one pass adds a role and the next
// removes it.
func TestRecordings(t *testing.T) {
	const sessions = 240_000
	s := &Script{Users: 4, Recordings: []Recording{{Subject: Subject{UserID: 1}}, {Subject: Subject{UserID: 2}}}}
	for n, want := range []int64{1, 1, 1, 2, 2, 2, 1} {
		if got := s.recording(int64(n)).Subject.UserID; got != want {
			t.Errorf("change %d uses recording %d, want %d", n, got, want)
		}
	}
	for pass := range int64(2) {
		if n := s.UnmeasuredChange(pass, sessions); n < sessions || s.recording(n).Subject.UserID != pass+1 {
			t.Errorf("change %d is recorded for pass %d", n, pass)
		}
	}
}
