package page_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// uploadSlowly sends a part of a picture and then stalls. It returns once the server reads the
// upload. stop aborts the request and waits for its response.
func uploadSlowly(b *consoletest.Browser) (stop func()) {
	b.T.Helper()
	body, sender := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, "/profile/picture", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	var answered sync.WaitGroup
	answered.Go(func() {
		b.Do(r)
		_ = body.Close() // unblocks a pending write
	})
	if _, err := io.WriteString(sender, "--x\r\n"); err != nil {
		b.T.Fatalf("the server does not read the picture: %v", err)
	}
	return func() {
		_ = sender.CloseWithError(errors.New("gone"))
		answered.Wait()
	}
}

// TestLargeFormsAreLimited stalls four uploads by four users. The server must refuse further
// uploads before it reads any of their bytes, because uploads are held in memory.
func TestLargeFormsAreLimited(t *testing.T) {
	s := consoletest.New(t)
	refused := func(b *consoletest.Browser, path string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, consoletest.UnreadBody{T: t})
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		a := b.Do(r)
		a.Want(t, http.StatusServiceUnavailable, "The server is busy", "Too many files are being sent.")
		if got := a.Header.Get("Retry-After"); got != "10" {
			t.Errorf("Retry-After: %q", got)
		}
	}
	var stops []func()
	for i := range 4 {
		email := fmt.Sprintf("user%d@example.org", i)
		s.AddUser(email)
		stops = append(stops, uploadSlowly(s.SignedInAs(email)))
		if i == 0 {
			refused(s.SignedInAs(email), "/profile/picture") // a second upload of the same user
		}
	}
	admin := s.SignedInAs(consoletest.AdminEmail)
	refused(admin, "/users/import")
	refused(admin, "/profile/picture")
	admin.Post("/profile", map[string][]string{"name": {"Root"}}).Want(t, http.StatusSeeOther)
	for _, stop := range stops {
		stop()
	}
	admin.Get("/profile")
	for range 5 {
		admin.Attach("/profile/picture", nil, "picture", "me.png", consoletest.Picture(10, 10)).
			Want(t, http.StatusSeeOther)
	}
	admin.Upload("/users/import", "users.csv", consoletest.UsersFile, nil).Want(t, http.StatusSeeOther)
}
