package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestTooManyChanges changes preferences and the profile of one user until both are answered with 429.
func TestTooManyChanges(t *testing.T) {
	f := newFixture(t)
	byName := map[string]operation{}
	for _, op := range operations(t) {
		byName[op.name] = op
	}
	id := f.user("ann@example.org", access.UserRole)
	token := f.session(id, f.clock.Now())
	send := func(name, body string) answer {
		op := byName[name]
		a := f.do(call{method: op.method, path: op.at(id), token: token, body: body})
		op.checkAnswer(t, a)
		return a
	}
	changes := 0
	for changes < 500 && send("PATCH /api/preferences", fmt.Sprintf(`{"preferredProfileId":%d}`, 2+changes)).status == 200 {
		changes++
	}
	if changes != 120 {
		t.Errorf("%d changes at once, want 120", changes)
	}
	for name, body := range map[string]string{
		"PATCH /api/preferences": `{"preferredProfileId":1}`, "PATCH /api/users/{id}": `{"name":"x"}`,
		"POST /api/keys": `{"name":"x"}`, "POST /api/api-key": "",
		"PATCH /api/users/password": `{"oldPassword":"` + password + `","newPassword":"` + newPassword + `"}`,
	} {
		a := send(name, body)
		a.want(t, http.StatusTooManyRequests, account.CodeTooManyRequests)
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("%s: Retry-After is %q", name, a.header.Get("Retry-After"))
		}
	}
	if a := f.do(call{path: "/api/users/whoami", token: token}); a.status != http.StatusOK {
		t.Errorf("a read: %d %s", a.status, a.body)
	}
}
