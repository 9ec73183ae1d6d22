package page

import (
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// repeatField is the name of the field in which the user types the new password again.
const repeatField = "repeat"

// NewPasswordFields returns two fields: the named one for a new password, and one for typing it
// again.
func NewPasswordFields(name string, autofocus bool) []*Field {
	return []*Field{
		{
			Name: name, Label: "New password", Type: "password", Autocomplete: "new-password", Required: true,
			Hint: "At least 12 characters, with a digit, a lower-case letter, an upper-case letter and a special " +
				"character; at most 1024 bytes.",
			Guide: true, Autofocus: autofocus,
		},
		{Name: repeatField, Label: "Repeat it", Type: "password", Autocomplete: "new-password", Required: true},
	}
}

// NewPassword returns the submitted new password. If the repetition differs, NewPassword marks that
// field and returns false.
func (q *Request) NewPassword(f *Form, name string) (secret.Text, bool) {
	password := q.PostForm.Get(name)
	if password != q.PostForm.Get(repeatField) {
		q.MarkField(f, repeatField, "The two passwords differ. Type the same one twice.")
		return secret.Text{}, false
	}
	return secret.New(password), true
}
