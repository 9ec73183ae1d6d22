package page

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Form is a form on a page. The template "form" of parts.html shows each field with its label, hint
// and faults.
type Form struct {
	Action string // path that the form is sent to
	Submit locale.Phrase
	Cancel string // path of the link to cancel, next to the button; "": no link
	Alert  string // why the form was refused
	Fields []*Field
	Danger bool // sending the form can't be undone
	Files  bool // the form uploads files

	Token string // CSRF token, set by [Request.PrepareForm]
	Seen  string // [Form.Fingerprint] of the stored values that the form shows; "": not checked
}

// Field is a field of a form.
type Field struct {
	Name         string
	Label, Hint  locale.Phrase
	Type         string // type of <input>, or "textarea", "select", "checkboxes", "span"; "" means "text"
	Value        string
	Checked      bool     // for a checkbox
	Options      []Option // the choices; for a span, the units of time, sent as Name + "-unit"
	Autocomplete string
	Required     bool
	Autofocus    bool
	Disabled     bool   // read-only; Hint says why
	Accept       string // accepted media types of a file
	Guide        bool   // for a new password: the script checks it against the policy as the user types
	Suggest      string // name of a list of suggestions in the script, such as "zones"

	Path   string   // JSON pointer of the input in error details; "": "/" + Name
	Faults []string // what is wrong with the value, translated
}

// Option is one of the values that a field offers.
type Option struct {
	Value, Text string
	Hint        string
	Selected    bool
	Disabled    bool
}

// PrepareForm sets the CSRF token of a form. If the request is a POST, PrepareForm also fills the
// fields with the values that the browser sent.
func (q *Request) PrepareForm(f *Form) *Form {
	f.Token = q.FormToken()
	if q.Method == http.MethodPost {
		for _, field := range f.Fields {
			field.fill(q.PostForm)
		}
	}
	return f
}

// fill sets the field to the value that the browser sent. A password is not set, because a page
// must never send it back to the browser.
func (f *Field) fill(sent map[string][]string) {
	values := sent[f.Name]
	if f.Disabled && values == nil { // browsers do not send a disabled field
		return
	}
	switch f.Type {
	case "password", "file":
	case "checkbox":
		f.Checked = len(values) > 0
	case "select", "checkboxes":
		for i := range f.Options {
			if !f.Options[i].Disabled { // browsers do not send a disabled option
				f.Options[i].Selected = slices.Contains(values, f.Options[i].Value)
			}
		}
	case "span":
		for i := range f.Options {
			f.Options[i].Selected = slices.Contains(sent[f.Name+"-unit"], f.Options[i].Value)
		}
		fallthrough
	default:
		if len(values) > 0 {
			f.Value = values[0]
		}
	}
}

// AnswerRefusal handles an error of package service after a form was sent. It marks the reasons in
// the form and calls show with the HTTP status of the page. If the user can't fix the error in the
// form, it returns err instead.
func (q *Request) AnswerRefusal(f *Form, err error, show func(status int) error) error {
	status := q.RefuseForm(f, err)
	if status == 0 {
		return err
	}
	return show(status)
}

// RefuseForm marks in a form why package service refused the change. It returns the HTTP status of
// the page that shows the form, or 0 if the user can't fix the error in the form.
func (q *Request) RefuseForm(f *Form, err error) int {
	failed, ok := errors.AsType[*account.Error](err)
	if !ok {
		return 0
	}
	f.Alert = q.TrRule(failed.Message)
	switch failed.Code {
	case account.CodeUnauthorized, account.CodePasswordChangeRequired, account.CodeNotFound, account.CodeInternal:
		return 0
	case account.CodeUnavailable:
		q.Logger.WarnContext(q.Context(), "console form not served", "page", q.Pattern, "error", err)
		f.Alert = q.Tr("The server is busy. Nothing was changed.") + " " + retryAfter(q, failed.RetryAfter)
		return http.StatusServiceUnavailable
	case account.CodeTooManyRequests:
		f.Alert += " " + retryAfter(q, failed.RetryAfter)
		return http.StatusTooManyRequests
	case account.CodeInvalid, account.CodeWrongPassword, account.CodeEmailTaken:
		f.mark(q, failed.Details)
		return http.StatusUnprocessableEntity
	case account.CodeForbidden:
		return http.StatusForbidden
	}
	f.mark(q, failed.Details) // for example a name that is taken
	return http.StatusConflict
}

// mark adds each detail of an error to its field. A detail without a field is added to the alert
// above the form.
func (f *Form) mark(q *Request, details []account.Detail) {
	if len(details) > 0 {
		f.Alert = q.Tr(MarkedBelow)
	}
	for _, d := range details {
		text := q.TrDetail(d.Message)
		if field := f.fieldAt(d.Path); field != nil {
			field.Faults = append(field.Faults, text)
		} else {
			f.Alert += " " + d.Path + ": " + text
		}
	}
}

// MarkedBelow is the alert above a form that has a fault at one of its fields.
const MarkedBelow locale.Phrase = "Nothing was changed. See what is marked below."

// fieldAt returns the field that the path of an error detail points to, or nil.
func (f *Form) fieldAt(path string) *Field {
	for _, field := range f.Fields {
		own := field.Path
		if own == "" {
			own = "/" + field.Name
		}
		if path == own || strings.HasPrefix(path, own+"/") {
			return field
		}
	}
	return nil
}

// MarkField adds a fault to the named field. It is for values that the console itself checks.
func (q *Request) MarkField(f *Form, name string, fault locale.Phrase, args ...any) {
	f.Alert = q.Tr(MarkedBelow)
	for _, field := range f.Fields {
		if field.Name == name {
			field.Faults = append(field.Faults, q.Tr(fault, args...))
		}
	}
}

// DescribedBy returns the attribute aria-describedby of the field: the ids of its hint and its
// faults.
func (f *Field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if len(f.Faults) > 0 {
		ids = append(ids, f.Name+"-fault")
	}
	return strings.Join(ids, " ")
}

// Offers reports whether the field has an option with this value.
func (f *Field) Offers(value string) bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value })
}

// Field returns the field with this name, or an empty field.
func (f *Form) Field(name string) *Field {
	for _, field := range f.Fields {
		if field.Name == name {
			return field
		}
	}
	return &Field{}
}

// Faulty reports whether the form has an alert.
func (f *Form) Faulty() bool { return f.Alert != "" }

// Disable makes the named fields read-only and shows reason as their hint.
func (f *Form) Disable(reason locale.Phrase, names ...string) {
	for _, name := range names {
		field := f.Field(name)
		field.Disabled, field.Hint = true, reason
	}
}

// DisableAll makes every field read-only and removes the button.
func (f *Form) DisableAll() {
	f.Submit = ""
	for _, field := range f.Fields {
		field.Disabled = true
		for i := range field.Options {
			field.Options[i].Disabled = true
		}
	}
}

// Fingerprint returns a hash of the names and values of the fields. It skips empty fields, such as
// those for adding a group.
func (f *Form) Fingerprint() string {
	shown := map[string][]string{}
	for _, field := range f.Fields {
		var values []string
		if field.Value != "" || field.Checked {
			values = append(values, field.Value)
		}
		for _, o := range field.Options {
			if o.Selected {
				values = append(values, o.Value)
			}
		}
		if values != nil {
			shown[field.Name] = values
		}
	}
	text, err := json.Marshal(shown)
	if err != nil {
		panic(err) // strings always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Values gives access to the values of a submitted form.
type Values struct{ request *http.Request }

// Value returns the submitted value of a field. It trims white space and converts line ends to \n.
func (v Values) Value(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(v.request.PostForm.Get(name), "\r\n", "\n"))
}

// OptionalValue is [Values.Value], but returns nil if the value is empty.
func (v Values) OptionalValue(name string) *string {
	if text := v.Value(name); text != "" {
		return &text
	}
	return nil
}

// OriginalPrefix begins the name of a hidden field. The hidden field carries the value that the
// visible field had when the page was shown. Only a value that differs from the original is a
// change. A form therefore doesn't undo what another user has changed in the meantime.
const OriginalPrefix = "was."

// MaxChangeBytes is the size limit, in bytes, of a form with original values. Such a form sends
// each text twice: the original and the new value.
const MaxChangeBytes = 2 * MaxFormBytes

// Changed reports whether the submitted value of a field differs from its original value.
func (v Values) Changed(name string) bool { return v.Value(name) != v.Value(OriginalPrefix+name) }

// WithOriginals adds to fields a hidden field with the original value of each; see
// [OriginalPrefix].
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

// ChangedText returns the submitted value of a field, or nil if the user did not change it.
func (v Values) ChangedText(name string) *string {
	if !v.Changed(name) {
		return nil
	}
	return new(v.Value(name))
}

// OrEmpty returns the text that text points to, or "" if text is nil.
func OrEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
