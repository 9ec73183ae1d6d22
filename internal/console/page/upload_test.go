package page_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// uploadSlowly sends a part of a file to the path and then stalls. It returns once the server reads the upload. stop
// aborts the request and waits for its response.
func uploadSlowly(b *consoletest.Browser, path string) (stop func()) {
	b.T.Helper()
	body, sender := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, path, body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	var answered sync.WaitGroup
	answered.Go(func() {
		b.Do(r)
		_ = body.Close() // unblocks a pending write
	})
	if _, err := io.WriteString(sender, "--x\r\n"); err != nil {
		b.T.Fatalf("the server does not read the file: %v", err)
	}
	return func() {
		_ = sender.CloseWithError(errors.New("gone"))
		answered.Wait()
	}
}

// TestSlowUploadsBlockNobody stalls uploads by many users. Others can still upload pictures and files of users.
func TestSlowUploadsBlockNobody(t *testing.T) {
	s := consoletest.New(t)
	for i := range 6 {
		email := fmt.Sprintf("user%d@example.org", i)
		s.AddUser(email)
		defer uploadSlowly(s.SignedInAs(email), "/profile/picture")()
	}
	defer uploadSlowly(s.SignedInAs(consoletest.AdminEmail), "/users/import")()

	const second = "admin2@example.org"
	s.AddUser(second)
	if _, err := s.SetUserRoles(t.Context(), s.Principal(consoletest.AdminEmail), s.Principal(second).User.ID,
		[]int64{1}); err != nil {
		t.Fatal(err)
	}
	admin := s.SignedInAs(second)
	admin.Attach("/profile/picture", nil, "picture", "me.png", consoletest.Picture(10, 10)).Want(t, http.StatusSeeOther)
	admin.Upload("/users/import", "users.csv", consoletest.UsersFile, nil).Want(t, http.StatusSeeOther)
}

// TestOneUploadForEachUser stalls an upload. The server refuses another upload by the same user before it reads a byte
// of it, and accepts one after the first has ended.
func TestOneUploadForEachUser(t *testing.T) {
	s := consoletest.New(t)
	admin := s.SignedInAs(consoletest.AdminEmail)
	stop := uploadSlowly(admin, "/profile/picture")
	for _, path := range []string{"/users/import", "/profile/picture"} {
		r := httptest.NewRequest(http.MethodPost, path, consoletest.UnreadBody{T: t})
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		a := s.SignedInAs(consoletest.AdminEmail).Do(r)
		a.Want(t, http.StatusTooManyRequests, "You are already sending a file.")
		if got := a.Header.Get("Retry-After"); got != "10" {
			t.Errorf("Retry-After: %q", got)
		}
	}
	admin.Post("/profile", map[string][]string{"name": {"Root"}}).Want(t, http.StatusSeeOther)
	stop()
	for range 5 {
		admin.Attach("/profile/picture", nil, "picture", "me.png", consoletest.Picture(10, 10)).
			Want(t, http.StatusSeeOther)
	}
	admin.Upload("/users/import", "users.csv", consoletest.UsersFile, nil).Want(t, http.StatusSeeOther)
}

// TestRefusedBody sends forms whose body is refused while it is read. The page tells the reason.
func TestRefusedBody(t *testing.T) {
	s := consoletest.New(t)
	admin := s.SignedInAs(consoletest.AdminEmail)
	const form, file = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	for _, begun := range []string{
		"", "--x\r\n", "--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"me.png\"\r\n\r\n\x89PNG",
	} {
		for _, contentType := range []string{form, file} {
			for code, want := range map[account.Code]int{
				account.CodeTooSlow: http.StatusRequestTimeout, account.CodeUnavailable: http.StatusServiceUnavailable,
			} {
				refused := &account.Error{Code: code, Message: "The reason."}
				r := httptest.NewRequest(http.MethodPost, "/profile/picture",
					io.MultiReader(strings.NewReader(begun), iotest.ErrReader(refused)))
				r.Header.Set("Content-Type", contentType)
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				admin.Do(r).Want(t, want, "The reason.")
			}
		}
	}
}
