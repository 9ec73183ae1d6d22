package console

import (
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const repeatField = "repeat"

// newPasswordFields ask for a new password, twice. The first has the name given.
func newPasswordFields(name string, autofocus bool) []*field {
	return []*field{
		{
			Name: name, Label: "New password", Type: "password", Autocomplete: "new-password", Required: true,
			Hint:  "At least 12 characters, with a digit, a lower-case letter, an upper-case letter and a special character; at most 1024 bytes.",
			Guide: true, Autofocus: autofocus,
		},
		{Name: repeatField, Label: "Repeat it", Type: "password", Autocomplete: "new-password", Required: true},
	}
}

// newPassword returns the new password that was sent, and whether it was twice the
// same; if not, the form says so.
func (q *request) newPassword(f *form, name string) (secret.Text, bool) {
	password := q.PostForm.Get(name)
	if password != q.PostForm.Get(repeatField) {
		q.markField(f, repeatField, "The two passwords differ. Type the same one twice.")
		return secret.Text{}, false
	}
	return secret.New(password), true
}
