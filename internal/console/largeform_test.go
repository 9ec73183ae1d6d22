package console_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// slowly sends a picture of which no more than a beginning comes. It returns once the
// server reads it; stop ends the request, and waits until it is answered.
func (b *browser) slowly() (stop func()) {
	b.t.Helper()
	body, sender := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, "/profile/picture", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	var answered sync.WaitGroup
	answered.Go(func() {
		b.do(r)
		_ = body.Close() // whoever still writes is told
	})
	if _, err := io.WriteString(sender, "--x\r\n"); err != nil {
		b.t.Fatalf("a picture is not read: %v", err)
	}
	return func() {
		_ = sender.CloseWithError(errors.New("gone"))
		answered.Wait()
	}
}

// Files are whole in memory, so a few are taken at once: one of each user, and four in
// all. More are refused before a byte of them is read.
func TestFewLargeFormsAtOnce(t *testing.T) {
	s := newSite(t)
	refused := func(b *browser, path string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, unread{t})
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		a := b.do(r)
		a.want(t, http.StatusServiceUnavailable, "The server is busy", "Too many files are being sent.")
		if got := a.Header.Get("Retry-After"); got != "10" {
			t.Errorf("Retry-After: %q", got)
		}
	}
	var stops []func()
	for i := range 4 {
		email := fmt.Sprintf("user%d@example.org", i)
		s.user(email)
		stops = append(stops, s.as(email).slowly())
		if i == 0 {
			refused(s.as(email), "/profile/picture") // his own second
		}
	}
	admin := s.as(adminEmail)
	refused(admin, "/users/import")
	refused(admin, "/profile/picture")
	admin.post("/profile", map[string][]string{"name": {"Root"}}).want(t, http.StatusSeeOther)
	for _, stop := range stops {
		stop()
	}
	admin.get("/profile")
	for range 5 {
		admin.attach("/profile/picture", nil, "picture", "me.png", portrait(10, 10)).want(t, http.StatusSeeOther)
	}
	admin.upload("/users/import", "users.csv", goodUsers, nil).want(t, http.StatusSeeOther)
}
