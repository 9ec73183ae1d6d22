package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// form is what a page asks of people. The template "form" of layout.html lays it out:
// a label, a hint and what is wrong beside each field.
type form struct {
	Action string // path that it is sent to
	Submit locale.Phrase
	Cancel string // path of a link beside it; "": none
	Alert  string // what is wrong with the whole of it
	Fields []*field
	Danger bool // the button is one to think about
	Files  bool // it sends files

	Token string // set by [request.form]
	Seen  string // tells what it shows from what is stored at another moment: see settings.go
}

// field is one field of a form.
type field struct {
	Name         string
	Label, Hint  locale.Phrase
	Type         string // of <input>, or "textarea", "select", "checkboxes", "span"; "" is "text"
	Value        string
	Checked      bool     // a checkbox
	Options      []option // of a span: its units, sent as Name + "-unit"
	Autocomplete string
	Required     bool
	Autofocus    bool
	Disabled     bool   // it is shown and cannot be changed; Hint says why
	Accept       string // of a file
	Guide        bool   // a new password, whose rules the script shows as one types
	Suggest      string // what the script offers to choose from: "zones"

	Path   string   // JSON pointer of the details that are about it; "": "/" + Name
	Faults []string // what is wrong with it, in the reader's language
}

// option is one of the values that a field may have.
type option struct {
	Value, Text string
	Hint        string
	Selected    bool
	Disabled    bool
}

// form completes a form, and fills it with what was sent.
func (q *request) form(f *form) *form {
	f.Token = q.FormToken()
	if q.Method == http.MethodPost {
		for _, field := range f.Fields {
			field.fill(q.PostForm)
		}
	}
	return f
}

// fill takes the values that were sent. A password is never sent back.
func (f *field) fill(sent map[string][]string) {
	values := sent[f.Name]
	if f.Disabled && values == nil { // browsers do not send it
		return
	}
	switch f.Type {
	case "password", "file":
	case "checkbox":
		f.Checked = len(values) > 0
	case "select", "checkboxes":
		for i := range f.Options {
			if !f.Options[i].Disabled { // browsers do not send what is
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

// value is what was sent for a field, without the blanks around it, and with the line
// ends that everything else has.
func (q *request) value(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(q.PostForm.Get(name), "\r\n", "\n"))
}

// optional is [request.value], or nil where nothing was sent.
func (q *request) optional(name string) *string {
	if v := q.value(name); v != "" {
		return &v
	}
	return nil
}

// refuse shows in a form why the rules did not take it, and returns the status of the
// page that shows it; 0 for a failure that a form cannot mend, which the page returns.
func (q *request) refuse(f *form, err error) int {
	failed, ok := errors.AsType[*account.Error](err)
	if !ok {
		return 0
	}
	f.Alert = q.look.language.SayRule(failed.Message)
	switch failed.Code {
	case account.CodeUnauthorized, account.CodePasswordChangeRequired, account.CodeNotFound, account.CodeInternal:
		return 0
	case account.CodeUnavailable:
		q.Logger.WarnContext(q.Context(), "console form not served", "page", q.Pattern, "error", err)
		f.Alert = q.say("The server is busy. Nothing was changed.") + " " + q.retryAfter(failed.RetryAfter)
		return http.StatusServiceUnavailable
	case account.CodeTooManyRequests:
		f.Alert += " " + q.retryAfter(failed.RetryAfter)
		return http.StatusTooManyRequests
	case account.CodeInvalid, account.CodeWrongPassword, account.CodeEmailTaken:
		f.mark(q, failed.Details)
		return http.StatusUnprocessableEntity
	case account.CodeSetByOperator:
		f.mark(q, failed.Details)
	case account.CodeForbidden:
		return http.StatusForbidden
	}
	if len(failed.Details) > 0 { // a name that is taken
		f.mark(q, failed.Details)
	}
	return http.StatusConflict
}

// mark puts what is wrong beside the fields, and the rest above them.
func (f *form) mark(q *request, details []account.Detail) {
	if len(details) > 0 {
		f.Alert = q.say(markedBelow)
	}
	for _, d := range details {
		what := sentence(q.look.language.SayRule(d.Message))
		if field := f.about(d.Path); field != nil {
			field.Faults = append(field.Faults, what)
		} else {
			f.Alert += " " + d.Path + ": " + what
		}
	}
}

const markedBelow locale.Phrase = "Nothing was changed. See what is marked below."

// sentence makes a sentence of what a rule says that a field must be.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// about returns the field that a detail is about, or nil.
func (f *form) about(path string) *field {
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

// markField marks a field that a page itself finds wrong.
func (q *request) markField(f *form, name string, what locale.Phrase, args ...any) {
	f.Alert = q.say(markedBelow)
	for _, field := range f.Fields {
		if field.Name == name {
			field.Faults = append(field.Faults, q.say(what, args...))
		}
	}
}

// DescribedBy are the ids of the texts that say more about the field.
func (f *field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if len(f.Faults) > 0 {
		ids = append(ids, f.Name+"-fault")
	}
	return strings.Join(ids, " ")
}
