package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// settingsSection is a page of the settings: a group of panels, each with a form that
// changes one group of settings or nothing.
type settingsSection struct {
	navEntry
	panels func(*request) ([]panel, error)
}

// panel is a part of a page of settings.
type panel struct {
	Title locale.Phrase
	Text  []string
	Facts []fact
	PEM   string // a certificate
	Links []link
	Form  *form // nil: there is nothing to change
}

type fact struct{ Label, Text string }

const (
	settingsPath  = "/settings"
	mailPath      = settingsPath + "/mail"
	lockoutPath   = settingsPath + "/sign-in"
	directoryPath = settingsPath + "/directory"
	samlPath      = settingsPath + "/saml"
)

var (
	readsApplication = permission{access.ActionRead, access.EntityApplicationSettings}
	editsApplication = permission{access.ActionEdit, access.EntityApplicationSettings}
	readsSAML        = permission{access.ActionRead, access.EntitySAMLConfiguration}
	editsSAML        = permission{access.ActionEdit, access.EntitySAMLConfiguration}
)

var (
	general = settingsSection{navEntry{path: settingsPath, label: "General", may: readsApplication}, (*request).generalPanels}
	mail    = settingsSection{navEntry{path: mailPath, label: "Mail", may: readsApplication}, (*request).mailPanels}
	lockout = settingsSection{
		navEntry{path: lockoutPath, label: "Sign-in and lockout", may: permission{access.ActionRead, access.EntityLockoutPolicy}}, (*request).lockoutPanels,
	}
	directory = settingsSection{
		navEntry{path: directoryPath, label: "Directory", may: permission{access.ActionRead, access.EntityLDAPConfiguration}}, (*request).directoryPanels,
	}
	saml = settingsSection{navEntry{path: samlPath, label: "SAML", may: readsSAML}, (*request).samlPanels}
)

var settingsRoutes = slices.Concat(
	general.routes(),
	mail.routes(),
	lockout.routes(),
	directory.routes(),
	saml.routes(),
	[]route{
		{pattern: "POST " + settingsPath, page: (*request).changeServer, may: editsApplication},
		{pattern: "POST " + newUsersPath, page: (*request).changeNewUsers, may: editsApplication},
		{pattern: "POST " + retentionPath, page: (*request).changeRetention, may: editsApplication},
		{pattern: "POST " + mailPath, page: (*request).changeMail, may: editsApplication, body: maxSettingsBytes},
		{pattern: "POST " + testMailPath, page: (*request).testMail, may: editsApplication},
		{pattern: "POST " + lockoutPath, page: (*request).changeLockout, may: permission{access.ActionEdit, access.EntityLockoutPolicy}},
		{
			pattern: "POST " + directoryPath, page: (*request).changeDirectory,
			may: permission{access.ActionEdit, access.EntityLDAPConfiguration}, body: maxSettingsBytes,
		},
		{pattern: "POST " + samlPath, page: (*request).changeSAML, may: editsSAML, body: maxSettingsBytes},
		{pattern: "GET " + samlCertificatePath, page: (*request).downloadCertificate, may: readsSAML},
		{pattern: "GET " + samlRenewPath, page: (*request).askRenewal, may: editsSAML},
		{pattern: "POST " + samlRenewPath, page: (*request).renewCertificate, may: editsSAML},
	},
)

// maxSettingsBytes is how long a form with certificates and groups may be.
const maxSettingsBytes = 1 << 20

// routes has the page that shows the section.
func (s settingsSection) routes() []route {
	return []route{{pattern: "GET " + s.path, may: s.may, page: func(q *request) error {
		panels, err := s.panels(q)
		if err != nil {
			return err
		}
		return q.showSettings(http.StatusOK, s.navEntry, panels)
	}}}
}

// showSettings answers with a section, and the menu of all that the caller sees.
func (q *request) showSettings(status int, section navEntry, panels []panel) error {
	content := struct {
		Sections []navLink
		Panels   []panel
	}{Panels: panels}
	for _, e := range []navEntry{general.navEntry, mail.navEntry, lockout.navEntry, directory.navEntry, saml.navEntry} {
		if q.sees(e) {
			content.Sections = append(content.Sections, navLink{e.path, q.say(e.label), e.path == section.path})
		}
	}
	return q.showStatus(status, "settings.html", q.say(section.label)+" · "+q.say("Settings"), content)
}

// changeSettings carries out what a form of a section asks for. change returns what to
// say when it is done; where it has marked a field it changes nothing.
func (q *request) changeSettings(s settingsSection, change func(f *form) (string, error)) error {
	panels, err := s.panels(q)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(panels, func(p panel) bool { return p.Form != nil && p.Form.Action == q.URL.Path })
	if at < 0 { // only who may do it is shown its form: see mailPanels
		return q.mustAdminister()
	}
	f := panels[at].Form
	said, err := change(f)
	status := http.StatusUnprocessableEntity
	switch {
	case err != nil:
		if status = q.refuse(f, err); status == 0 {
			return err
		}
	case !f.faulty():
		q.setFlash(said)
		return q.redirect(s.path)
	}
	return q.showSettings(status, s.navEntry, panels)
}

const (
	saved     locale.Phrase = "The settings are saved."
	readOnly  locale.Phrase = "You may read these settings, not change them."
	adminOnly locale.Phrase = "Only an administrator may change this."
	atStart   locale.Phrase = "Set where the server is started, and can be changed there alone."
)

// settingsPanel is a panel with a form of a group of settings that the caller may change
// only with the permission to edit, and, where that is so, only as administrator. A page
// has several forms: what was sent is shown in its own.
func (q *request) settingsPanel(title locale.Phrase, entity access.Entity, administrator bool, f *form) panel {
	p := panel{Title: title, Form: f}
	f.Submit, f.Token = "Save", q.FormToken()
	if q.URL.Path == f.Action {
		q.form(f)
	}
	switch {
	case !q.may(access.ActionEdit, entity):
		f.disableAll()
		p.Text = append(p.Text, q.say(readOnly))
	case administrator && q.mustAdminister() != nil:
		f.disableAll()
		p.Text = append(p.Text, q.say(adminOnly))
	}
	return p
}

// maxRoleOptions is how many roles a form lets one choose from, besides those that are
// chosen.
const maxRoleOptions = 200

// roleOptions are the roles that the caller may see, and those that are chosen.
func (q *request) roleOptions(chosen []int64) ([]option, error) {
	var options []option
	seen := map[int64]bool{}
	err := q.eachRole(0, func(r account.RoleSummary) error {
		if len(options) == maxRoleOptions {
			return errEnough
		}
		seen[r.ID] = true
		options = append(options, option{Value: strconv.FormatInt(r.ID, 10), Text: r.Name, Selected: slices.Contains(chosen, r.ID)})
		return nil
	})
	if err != nil && account.ErrorCode(err) != account.CodeForbidden {
		return nil, err
	}
	for _, id := range chosen {
		if text := strconv.FormatInt(id, 10); !seen[id] {
			options = append(options, option{Value: text, Text: q.say("Role %s", text), Selected: true})
		}
	}
	return options, nil
}

// certificate is a change of a text in PEM, nil where it is the one that was shown.
func (q *request) certificate(name string, now *string) **string {
	up := q.clearable(name)
	if up == nil || strings.TrimSpace(of(now)) == of(*up) {
		return nil
	}
	return up
}

// of is a text, or "" for nil.
func of(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
