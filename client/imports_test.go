package client_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
)

const importJSON = `{"id":4,"createdAt":"2026-03-01T09:30:00Z","dryRun":false,"faults":1,"finishedAt":null,"rows":3,` +
	`"state":"open"}`

func TestUsersFindAll(t *testing.T) {
	var queries []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		switch r.URL.Query().Get("cursor") {
		case "":
			w.Header().Set("X-Next-Cursor", "two")
		case "two":
			w.Header().Set("X-Next-Cursor", "three")
		case "three":
			_, _ = io.WriteString(w, "[]")
			return
		}
		_, _ = io.WriteString(w, "["+adaJSON+","+adaJSON+"]")
	})
	n := 0
	for _, err := range newClient(t, url).Users.FindAll(t.Context(), client.UserFilter{Search: "x", Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	const want = "[search=x&limit=2 search=x&cursor=two&limit=2 search=x&cursor=three&limit=2]"
	if n != 4 || fmt.Sprint(queries) != want {
		t.Errorf("%d users, queries %v, want %s", n, queries, want)
	}
}

func TestUsersFindAllEndsWithAnError(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("X-Next-Cursor", "two")
		_, _ = io.WriteString(w, "["+adaJSON+"]")
	})
	var outcomes []bool
	for _, err := range newClient(t, url).Users.FindAll(t.Context(), client.UserFilter{}) {
		outcomes = append(outcomes, err == nil)
	}
	if fmt.Sprint(outcomes) != "[true false]" {
		t.Errorf("got %v", outcomes)
	}
}

func TestImportRowsReturnFaults(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"import":`+importJSON+
			`,"faults":[{"row":3,"path":"/email","message":"is the address of another user"}]}`)
	})
	result, err := newClient(t, url).Imports.AddRows(t.Context(), 4, 3, []client.ImportUser{{Name: "n", Email: "a@b"}})
	if err != nil || result.Import.Rows != 3 || result.Import.State != client.ImportOpen {
		t.Fatalf("%+v, %v", result, err)
	}
	want := client.ImportFault{Row: 3, Path: "/email", Message: "is the address of another user"}
	if len(result.Faults) != 1 || result.Faults[0] != want {
		t.Errorf("the faults are %+v", result.Faults)
	}
}
