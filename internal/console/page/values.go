package page

import (
	"net/http"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Values are the values of the form of a request.
type Values struct{ request *http.Request }

// Value returns the submitted value of a field, without surrounding white space and with \n as
// line ends.
func (v Values) Value(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(v.request.PostForm.Get(name), "\r\n", "\n"))
}

// OptionalValue is [Values.Value], or nil for an empty one.
func (v Values) OptionalValue(name string) *string {
	if text := v.Value(name); text != "" {
		return &text
	}
	return nil
}

// OriginalPrefix begins the name of a hidden field that carries the value that another
// field was shown with. Only a value that differs from it is a change, so a form doesn't
// undo what another user has changed meanwhile.
const OriginalPrefix = "was."

// MaxChangeBytes is how many bytes a form may have that carries its longest texts twice.
const MaxChangeBytes = 2 * MaxFormBytes

// Changed reports whether a field was sent with another value than it was shown with.
func (v Values) Changed(name string) bool { return v.Value(name) != v.Value(OriginalPrefix+name) }

// WithOriginals adds a hidden field with the original value of each field.
func WithOriginals(fields []*Field) []*Field {
	for _, shown := range fields {
		value := shown.Value
		if shown.Checked {
			value = "yes"
		}
		fields = append(fields, &Field{Name: OriginalPrefix + shown.Name, Type: "hidden", Value: value})
	}
	return fields
}

// ChangedText returns the submitted value of a field, or nil if it is the original value.
func (v Values) ChangedText(name string) *string {
	if !v.Changed(name) {
		return nil
	}
	return new(v.Value(name))
}

// ChangedProfile returns the changes of a form with the fields of a profile.
func (v Values) ChangedProfile() (up account.UserUpdate) {
	up.Name = v.ChangedText("name")
	for name, change := range map[string]***string{
		"surname": &up.Surname, "department": &up.Department, "biography": &up.Biography,
	} {
		if v.Changed(name) {
			*change = new(v.OptionalValue(name))
		}
	}
	return up
}
