package contract

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestCheckQuery checks queries with parameters of every type.
func TestCheckQuery(t *testing.T) {
	operations, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	const log, users, sessions = "GET /api/activity-log", "GET /api/users", "DELETE /api/sessions"
	tests := []struct{ op, query, path string }{ // path in the expected error; "": the query is valid
		{log, "", ""},
		{log, "actor=18&action=user.*&targetKind=user&targetId=7&from=2026-03-01T09:30:00Z" +
			"&to=2026-03-01T09:30:00.5%2B01:00&limit=1000", ""},
		{log, "actor=0018", ""},
		{log, "actor=0", "/query/actor"},
		{log, "actor=", "/query/actor"},
		{log, "actor=x", "/query/actor"},
		{log, "actor=1.0", "/query/actor"},
		{log, "actor=%2B1", "/query/actor"},
		{log, "actor=1&actor=1", "/query/actor"},
		{log, "actor=9223372036854775808", "/query/actor"},
		{log, "limit=0", "/query/limit"},
		{log, "limit=1001", "/query/limit"},
		{log, "action=", "/query/action"},
		{log, "action=%00", "/query/action"},
		{log, "action=%ff", "/query/action"},
		{log, "from=2026-03-01", "/query/from"},
		{log, "from=yesterday", "/query/from"},
		{log, "actr=1", "/query"},
		{log, "actor=%zz", "/query"},
		{log, "a;b", "/query"},
		{sessions, "keepCurrent=true&userId=3", ""},
		{sessions, "keepCurrent=True", ""}, // the form that the Python client sends
		{sessions, "keepCurrent=False", ""},
		{sessions, "keepCurrent=TRUE", "/query/keepCurrent"},
		{sessions, "keepCurrent=1", "/query/keepCurrent"},
		{sessions, "keepCurrent", "/query/keepCurrent"},
		{sessions, "keepcurrent=true", "/query"},
		{users, "sort=-name&provider=ldap&active=false&search=%C3%A9", ""},
		{users, "sort=password", "/query/sort"},
		{users, "provider=none", "/query/provider"},
		{users, "unknown=1", ""}, // the seed had this operation, so an unknown parameter is ignored
		{"PATCH /api/users/{id}", "keepKeys=yes", "/query/keepKeys"},
		{"GET /api/users/whoami", "unknown=%zz", ""},
	}
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = test.query
		err := operations[test.op].CheckQuery(r)
		e, _ := err.(*account.Error)
		switch {
		case test.path == "" && err != nil:
			t.Errorf("%s?%s: %v", test.op, test.query, err)
		case test.path != "" && (e == nil || e.Code != account.CodeInvalid || len(e.Details) != 1 ||
			e.Details[0].Path != test.path):
			t.Errorf("%s?%s: want an error with the path %s, got %v", test.op, test.query, test.path, err)
		}
	}
}
