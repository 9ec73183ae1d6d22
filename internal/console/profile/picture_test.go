package profile_test

import (
	"fmt"
	"image"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestPictureWithoutPermission uploads pictures as a user who may change others but not themselves.
// Every upload is refused, even a file that is no picture.
func TestPictureWithoutPermission(t *testing.T) {
	s := consoletest.New(t)
	ids := []int64{1}
	editor := s.CreateRole("Editor", access.PermissionRequest{Entity: access.EntityUser, Action: "read"},
		access.PermissionRequest{Entity: access.EntityUser, Action: "edit", IDs: &ids})
	s.AddUser("ada@example.org", editor.ID)
	b := s.SignedInAs("ada@example.org")
	for name, file := range map[string][]byte{"no picture": []byte("hello"), "a picture": consoletest.Picture(1, 1)} {
		if a := b.Attach("/profile/picture", nil, "picture", "me.png", file); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
	}
}

func TestPicture(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile/picture").Want(t, 404)
	a := b.Attach("/profile/picture", nil, "picture", "me.png", consoletest.Picture(600, 300))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d\n%s", a.StatusCode, a.Body)
	}
	b.Get("/profile").Want(t, 200, "Your picture was changed.", `src="/profile/picture"`)
	for _, path := range []string{"/profile/picture", fmt.Sprintf("/users/%d/picture", ada.ID)} {
		a := b.Get(path)
		if config, _, err := image.DecodeConfig(strings.NewReader(a.Body)); err != nil || config.Width != 256 ||
			config.Height != 128 {
			t.Errorf("%s: %+v, %v", path, config, err)
		}
		if a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
			len(a.Body) > account.MaxPictureBytes {
			t.Errorf("%s: %d bytes, %v", path, len(a.Body), a.Header)
		}
	}
	for name, file := range map[string][]byte{
		"none": nil, "text": []byte("hello"), "SVG": []byte("<svg/>"), "half": consoletest.Picture(600, 300)[:200],
	} {
		b.Get("/profile")
		if a := b.Attach("/profile/picture", nil, "picture", "me.png", file); a.StatusCode != 422 ||
			!strings.Contains(a.Body, "This is not a whole picture") {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
	}
	b.Attach("/profile/picture", nil, "another", "me.png", consoletest.Picture(1, 1)).Want(t, 422,
		"This is not a whole picture")
	b.Attach("/profile/picture", nil, "picture", "me.png", make([]byte, 11<<20)).Want(t, 413, "That was too much")
	b.Get("/profile")
	b.Follow("/profile/picture/remove", nil).Want(t, 200, "Your picture was removed.", ">A</span>")
	b.Get("/profile/picture").Want(t, 404)
}

// TestPictureOfUnknownFormat stores a file through the API, which accepts any bytes as a picture.
// Pages must not serve a file that browsers can't draw.
func TestPictureOfUnknownFormat(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	ada := s.Principal("ada@example.org")
	evil := []byte("<!doctype html><script>alert(1)</script>")
	consoletest.Must(s.UpdateUser(t.Context(), ada, ada.User.ID, account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Picture: &evil},
	}))
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile/picture").Want(t, 404)
	b.Get("/profile").Want(t, 200, ">A</span>")
}

// TestPictureOfOthers requests the picture of a user whom the caller may not read. The response is
// the same 404 as for a user who doesn't exist.
func TestPictureOfOthers(t *testing.T) {
	s := consoletest.New(t)
	eve := s.AddUser("eve@example.org")
	s.AddUser("ada@example.org")
	s.AddPowerlessUser("bob@example.org")
	admin := s.SignedInAs(consoletest.AdminEmail)
	file := consoletest.Picture(10, 10)
	consoletest.Must(s.UpdateUser(t.Context(), s.Principal(consoletest.AdminEmail), eve.ID,
		account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Picture: &file}}))
	path := fmt.Sprintf("/users/%d/picture", eve.ID)
	admin.Get(path).Want(t, 200)
	s.SignedInAs("ada@example.org").Get(path).Want(t, 404, "There is nothing here")
	s.SignedInAs("bob@example.org").Get(path).Want(t, 403)
	for _, id := range []string{"0", "x", "99999"} {
		admin.Get("/users/"+id+"/picture").Want(t, 404)
	}
}
