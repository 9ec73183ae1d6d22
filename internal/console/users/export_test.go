package users_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestUserExport(t *testing.T) {
	s := consoletest.New(t)
	s.AddUsers("=Ada", "Bob")
	b := s.SignedInAs(consoletest.AdminEmail)
	a := b.Get("/users/export?format=csv&search=example.org&sort=-id")
	a.Want(t, 200)
	got := a.Header.Get("Content-Type") + " " + a.Header.Get("Content-Disposition")
	if got != `text/csv; charset=utf-8 attachment; filename="users.csv"` {
		t.Errorf("headers %s", got)
	}
	rows := consoletest.Must(csv.NewReader(strings.NewReader(a.Body)).ReadAll())
	if len(rows) != 4 || rows[0][0] != "name" || rows[1][0] != "Bob" || rows[2][0] != "'=Ada" {
		t.Errorf("rows %q", rows)
	}
	if a := b.Get("/users/export?format=json&search=bob"); a.StatusCode != 200 ||
		a.Header.Get("Content-Type") != "application/json" ||
		!strings.Contains(a.Body, `"email":"bob@example.org"`) || strings.Contains(a.Body, "ada") {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
	for _, query := range []string{"", "format=xml", "format=csv&sort=x", "format=csv&role=x"} {
		b.Get("/users/export?"+query).Want(t, 400)
	}
	head := b.Do(httptest.NewRequest(http.MethodHead, "/users/export?format=csv", nil))
	head.Want(t, 200)
	if head.Body != "" || head.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("HEAD reads the users: %s", head.Body)
	}
	own := s.SignedInAs("bob@example.org").Get("/users/export?format=csv")
	own.Want(t, 200, "bob@example.org")
	own.WantWithout(t, "admin@example.org")
}

// TestUserExportIsComplete exports more users than fit on one page of the list.
func TestUserExportIsComplete(t *testing.T) {
	s := consoletest.New(t)
	var names []string
	for i := range account.DefaultPage + 20 {
		names = append(names, fmt.Sprintf("P%03d", i))
	}
	s.AddUsers(names...)
	b := s.SignedInAs(consoletest.AdminEmail)
	part := b.Get("/users/export?format=csv&search=p0&role=2").Body
	rows := consoletest.Must(csv.NewReader(strings.NewReader(part)).ReadAll())
	if len(rows) != 101 { // a header, and P000 to P099
		t.Errorf("%d rows", len(rows))
	}
	whole := b.Get("/users/export?format=csv").Body
	all := consoletest.Must(csv.NewReader(strings.NewReader(whole)).ReadAll())
	if len(all) != len(names)+2 {
		t.Errorf("%d rows", len(all))
	}
}
