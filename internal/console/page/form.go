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

// Form is a form of a page, as the template "form" of parts.html lays it out: each field
// with its label, its hint and its faults.
type Form struct {
	Action string // path of its target
	Submit locale.Phrase
	Cancel string // path of the link next to the button; "": none
	Alert  string // why the form was refused
	Fields []*Field
	Danger bool // the button starts something that can't be undone
	Files  bool // the form uploads files

	Token string // CSRF token, set by [Request.PrepareForm]
	Seen  string // fingerprint of the stored values that the form shows; "": not checked
}

// Field is a field of a form.
type Field struct {
	Name         string
	Label, Hint  locale.Phrase
	Type         string // of <input>, or "textarea", "select", "checkboxes", "span"; "" is "text"
	Value        string
	Checked      bool     // of a checkbox
	Options      []Option // of a span: its units, sent as Name + "-unit"
	Autocomplete string
	Required     bool
	Autofocus    bool
	Disabled     bool   // shown, but can't be changed; Hint says why
	Accept       string // of a file
	Guide        bool   // a new password: the script checks the policy as the user types
	Suggest      string // the list of suggestions of the script: "zones"

	Path   string   // JSON pointer of the details about the field; "": "/" + Name
	Faults []string // what is wrong with the value, translated
}

// Option is a value that a field offers.
type Option struct {
	Value, Text string
	Hint        string
	Selected    bool
	Disabled    bool
}

// PrepareForm sets the CSRF token of a form. On POST it fills the fields with the values
// that were sent.
func (q *Request) PrepareForm(f *Form) *Form {
	f.Token = q.FormToken()
	if q.Method == http.MethodPost {
		for _, field := range f.Fields {
			field.fill(q.PostForm)
		}
	}
	return f
}

// fill sets the values that were sent. A password is never sent back to the browser.
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

// AnswerRefusal marks in a form why the rules refused it, and answers by show with the
// status of the page. It returns err itself if the user can't fix it in the form.
func (q *Request) AnswerRefusal(f *Form, err error, show func(status int) error) error {
	status := q.RefuseForm(f, err)
	if status == 0 {
		return err
	}
	return show(status)
}

// RefuseForm marks in a form why the rules refused it, and returns the status of the page
// that shows the form. It returns 0 for an error that the user can't fix in the form.
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
	f.mark(q, failed.Details) // such as a name that is taken
	return http.StatusConflict
}

// mark adds each detail to its field, and the others to the alert above the form.
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

// MarkedBelow is the alert of a form whose fields say what is wrong.
const MarkedBelow locale.Phrase = "Nothing was changed. See what is marked below."

// fieldAt returns the field of a detail by its path, or nil.
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

// MarkField adds a fault to a field. It is for values that the console checks itself.
func (q *Request) MarkField(f *Form, name string, fault locale.Phrase, args ...any) {
	f.Alert = q.Tr(MarkedBelow)
	for _, field := range f.Fields {
		if field.Name == name {
			field.Faults = append(field.Faults, q.Tr(fault, args...))
		}
	}
}

// DescribedBy returns the value of the field's attribute aria-describedby.
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

// Offers reports whether the field has an option of a value.
func (f *Field) Offers(value string) bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value })
}

// Field returns the field of a name, or an empty one.
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

// Disable makes fields read-only, with the reason as a hint.
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

// Fingerprint returns a hash of the names and values of the fields. Empty fields do not
// count, such as those for one more group.
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

// OrEmpty returns the text, or "" for nil.
func OrEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
