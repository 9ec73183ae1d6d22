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

// section is a page of the settings: panels, each with a form that changes a group of
// settings or without any.
type section struct {
	page.MenuEntry
	panels func(*handler, *page.Request) ([]panel, error)
}

// panel is a part of a section.
type panel struct {
	Title locale.Phrase
	Text  []string
	Facts []fact
	PEM   string // a certificate
	Links []page.Link
	Form  *page.Form // nil: nothing can be changed
}

// fact is a value that the panel shows.
type fact struct{ Label, Text string }

const (
	settingsPath  = "/settings"
	mailPath      = settingsPath + "/mail"
	lockoutPath   = settingsPath + "/sign-in"
	directoryPath = settingsPath + "/directory"
	samlPath      = settingsPath + "/saml"
)

// The sections, in the order of their menu.
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

// show returns the handler that shows a section.
func (h *handler) show(s section) func(*page.Request) error {
	return func(q *page.Request) error {
		panels, err := s.panels(h, q)
		if err != nil {
			return err
		}
		return showSection(q, http.StatusOK, s, panels)
	}
}

// showSection answers with the panels of a section and the menu of the sections that the
// caller may see.
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

// changeSettings saves the form of a section that was sent. change calls the rules and
// returns the text to show after it; it changes nothing if it marks a field.
func (h *handler) changeSettings(q *page.Request, s section, change func(f *page.Form) (string, error)) error {
	panels, err := s.panels(h, q)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(panels, func(p panel) bool { return p.Form != nil && p.Form.Action == q.URL.Path })
	if at < 0 { // only administrators have the form: see mailPanels
		return q.RequireAdministrator()
	}
	f := panels[at].Form
	show := func(status int) error { return showSection(q, status, s, panels) }
	if !isCurrent(q, f) { // a change between this check and the write is still lost, but the window is short
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

// newPanel returns a panel with the form of a group of settings. The form is read-only
// without the permission to edit; with administrator set, also for anyone but
// administrators. A page has more than one form: only the one that was sent is filled, and
// only if it is current.
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

// isCurrent reports whether the form that was sent showed the same values as f, which are
// those that are stored.
func isCurrent(q *page.Request, f *page.Form) bool { return q.Value("seen") == f.Seen }

// maxRoleOptions is how many roles a form offers, besides those that are selected.
const maxRoleOptions = 200

// roleOptions returns the roles that the caller may see as options.
func (h *handler) roleOptions(q *page.Request) ([]page.Option, error) {
	roles, _, err := q.ListRoles(h.service, 0, maxRoleOptions)
	if err != nil && account.ErrorCode(err) != account.CodeForbidden {
		return nil, err
	}
	var options []page.Option
	for _, r := range roles {
		options = append(options, page.Option{Value: strconv.FormatInt(r.ID, 10), Text: r.Name})
	}
	return options, nil
}

// selectRoles returns a copy of the options in which roles are selected. It adds those that
// the options don't have.
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

// certificate returns the change of a text in PEM, or nil if it is the stored one.
func certificate(q *page.Request, name string, stored *string) **string {
	up := clearableText(q, name)
	if up == nil || strings.TrimSpace(page.OrEmpty(stored)) == page.OrEmpty(*up) {
		return nil
	}
	return up
}
