package settings

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// section is a page of the settings. It has panels: some have a form for a group of settings,
// others only show values.
type section struct {
	page.MenuEntry
	panels func(*handler, *page.Request) ([]panel, error)
}

// panel is a part of a section, with a title, values and at most one form.
type panel struct {
	Title locale.Phrase
	Text  []string
	Facts []fact
	PEM   string // a certificate in PEM
	Links []page.Link
	Form  *page.Form // nil: the panel only shows values
}

// fact is a label and a value that a panel shows.
type fact struct{ Label, Text string }

const (
	settingsPath  = "/settings"
	mailPath      = settingsPath + "/mail"
	lockoutPath   = settingsPath + "/sign-in"
	directoryPath = settingsPath + "/directory"
	samlPath      = settingsPath + "/saml"
)

// The sections, in the order in which their menu lists them.
var (
	generalSection = section{
		MenuEntry: page.MenuEntry{Path: settingsPath, Label: "General", Needs: readApplication},
		panels:    (*handler).generalPanels,
	}
	mailSection = section{
		MenuEntry: page.MenuEntry{Path: mailPath, Label: "Mail", Needs: readApplication},
		panels:    (*handler).mailPanels,
	}
	lockoutSection = section{
		MenuEntry: page.MenuEntry{Path: lockoutPath, Label: "Sign-in and lockout", Needs: readLockout},
		panels:    (*handler).lockoutPanels,
	}
	directorySection = section{
		MenuEntry: page.MenuEntry{Path: directoryPath, Label: "Directory", Needs: readLDAP},
		panels:    (*handler).directoryPanels,
	}
	samlSection = section{
		MenuEntry: page.MenuEntry{Path: samlPath, Label: "SAML", Needs: readSAML},
		panels:    (*handler).samlPanels,
	}
)

// show returns the handler of the page that shows a section.
func (h *handler) show(s section) func(*page.Request) error {
	return func(q *page.Request) error {
		panels, err := s.panels(h, q)
		if err != nil {
			return err
		}
		return showSection(q, http.StatusOK, s, panels)
	}
}

// showSection renders the panels of a section, and a menu of all sections that the caller may see.
func showSection(q *page.Request, status int, s section, panels []panel) error {
	view := struct {
		Sections []page.MenuLink
		Panels   []panel
	}{Panels: panels}
	for _, other := range []section{generalSection, mailSection, lockoutSection, directorySection, samlSection} {
		if q.Sees(other.MenuEntry) {
			view.Sections = append(view.Sections, q.MenuLink(other.MenuEntry, s.Path))
		}
	}
	return q.ShowStatus(status, "settings.html", q.Tr(s.Label)+" · "+q.Tr("Settings"), view)
}

// changeSettings handles a submitted form of a section. It calls change, which reads the fields and
// saves the settings. It then shows the text that change returns. change must save nothing if it
// has marked a field as faulty.
func (h *handler) changeSettings(q *page.Request, s section, change func(f *page.Form) (string, error)) error {
	panels, err := s.panels(h, q)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(panels, func(p panel) bool { return p.Form != nil && p.Form.Action == q.URL.Path })
	if at < 0 { // the panel has no form, because the caller is not an administrator; see mailPanels
		return q.RequireAdministrator()
	}
	f := panels[at].Form
	show := func(status int) error { return showSection(q, status, s, panels) }
	if !isCurrent(q, f) { // a change between this check and the write below is overwritten, but that time is short
		f.Alert = q.Tr(changedMeanwhile)
		return show(http.StatusConflict)
	}
	text, err := change(f)
	if err != nil {
		return q.AnswerRefusal(f, err, show)
	}
	if f.Faulty() {
		return show(http.StatusUnprocessableEntity)
	}
	q.SetFlash(text)
	return q.Redirect(s.Path)
}

const changedMeanwhile locale.Phrase = "Somebody else has changed these settings since you opened the page. " +
	"Nothing was changed. The form shows what is stored now."

const (
	saved     locale.Phrase = "The settings are saved."
	readOnly  locale.Phrase = "You may read these settings, not change them."
	adminOnly locale.Phrase = "Only an administrator may change this."
	atStart   locale.Phrase = "Set where the server is started, and can be changed there alone."
)

// newPanel returns a panel with the form of a group of settings. The form is read-only if the
// caller may not edit entity. If administrator is true, the form is read-only for everyone but
// administrators.
//
// A page can have more than one form. newPanel fills only the submitted form with the submitted
// values. If the stored values have changed since the page was opened, the form shows the stored
// values instead.
func newPanel(q *page.Request, title locale.Phrase, entity access.Entity, administrator bool, f *page.Form) panel {
	p := panel{Title: title, Form: f}
	f.Submit, f.Token, f.Seen = "Save", q.FormToken(), f.Fingerprint()
	if q.URL.Path == f.Action && isCurrent(q, f) {
		q.PrepareForm(f)
	}
	switch {
	case !q.May(access.ActionEdit, entity):
		f.DisableAll()
		p.Text = append(p.Text, q.Tr(readOnly))
	case administrator && q.RequireAdministrator() != nil:
		f.DisableAll()
		p.Text = append(p.Text, q.Tr(adminOnly))
	}
	return p
}

// isCurrent reports whether the stored values have stayed the same since the submitted form was
// shown. f is that form with the values that are stored now.
func isCurrent(q *page.Request, f *page.Form) bool { return q.Value("seen") == f.Seen }

// maxRoleOptions is the number of roles that a form offers, in addition to those already selected.
const maxRoleOptions = 200

// roleOptions returns an option for each role that the caller may see, at most maxRoleOptions.
func (h *handler) roleOptions(q *page.Request) ([]page.Option, error) {
	roles, _, err := q.ListRoles(h.service, 0, maxRoleOptions)
	if err != nil && account.ErrorCode(err) != account.CodeForbidden {
		return nil, err
	}
	var options []page.Option
	for _, r := range roles {
		if r.ID != access.AdministratorRole { // must not be given automatically
			options = append(options, page.Option{Value: strconv.FormatInt(r.ID, 10), Text: r.Name})
		}
	}
	return options, nil
}

// selectRoles returns a copy of options in which the roles with these ids are selected. It appends
// an option for a role that options doesn't have.
func selectRoles(q *page.Request, options []page.Option, ids []int64) []page.Option {
	options = slices.Clone(options)
	for _, id := range ids {
		text := strconv.FormatInt(id, 10)
		if at := slices.IndexFunc(options, func(o page.Option) bool { return o.Value == text }); at >= 0 {
			options[at].Selected = true
		} else {
			options = append(options, page.Option{Value: text, Text: q.Tr(page.RoleNumber, text), Selected: true})
		}
	}
	return options
}

// certificate returns the change to a certificate in PEM. It returns nil if the field has the
// stored certificate.
func certificate(q *page.Request, name string, stored *string) **string {
	up := clearableText(q, name)
	if up == nil || strings.TrimSpace(page.OrEmpty(stored)) == page.OrEmpty(*up) {
		return nil
	}
	return up
}
