package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestImportFaultsByRow checks the two kinds of invalid rows. A row that obeys the schema, but that package service
// refuses, becomes a fault of the import. A row that violates the schema makes the whole request invalid.
func TestImportFaultsByRow(t *testing.T) {
	f := newFixture(t)
	f.do(call{method: "POST", path: "/api/imports", token: f.admin, body: `{"dryRun":true}`})
	add := func(users string) answer {
		return f.do(call{method: "POST", path: "/api/imports/1/rows", token: f.admin, body: `{"first":1,"users":[` +
			users + `]}`})
	}
	for _, body := range []string{
		`{"name":"n"}`, `{"name":"n","email":"e@example.org","age":3}`, `{"name":1,"email":"e@example.org"}`, ``, `null`,
	} {
		add(body).want(t, http.StatusBadRequest, account.CodeInvalid)
	}
	tooLong := strings.Repeat("n", 300)
	a := add(`{"name":"","email":"","password":"","active":true},
		{"name":"` + tooLong + `","email":"b@example.org","surname":"` + tooLong + `","passwordHash":"x"}`)
	var got struct {
		Faults []struct {
			Row           int
			Path, Message string
		}
	}
	a.decode(t, &got)
	var paths []string
	for _, fault := range got.Faults {
		paths = append(paths, fmt.Sprint(fault.Row, fault.Path))
	}
	const want = "1/name 1/email 1/password 2/name 2/surname 2/passwordHash"
	if a.status != http.StatusOK || strings.Join(paths, " ") != want {
		t.Errorf("%d, faults %q, want %q", a.status, paths, want)
	}
	if strings.Contains(a.body, tooLong) {
		t.Error("the answer repeats a value")
	}
}

// TestImportStates checks that a request which the state of the import doesn't allow gets the status 409. Rows whose
// numbers leave a gap get 400.
func TestImportStates(t *testing.T) {
	f := newFixture(t)
	request := func(method, path, body string) answer {
		return f.do(call{method: method, path: path, token: f.admin, body: body})
	}
	request("POST", "/api/imports", `{"dryRun":false}`)
	a := request("POST", "/api/imports/1/rows", strings.Replace(importRow, `"first":1`, `"first":2`, 1))
	a.want(t, http.StatusBadRequest, account.CodeInvalid)
	if !a.errorBody(t).names("/first") {
		t.Error(a.body)
	}
	if a := request("POST", "/api/imports/1/finish", ""); a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	request("POST", "/api/imports/1/rows", importRow).want(t, http.StatusConflict, account.CodeImportState)
	request("DELETE", "/api/imports/1", "").want(t, http.StatusConflict, account.CodeImportState)
}
