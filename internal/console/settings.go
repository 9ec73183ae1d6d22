package console

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	if !q.isCurrent(f) { // whoever saves between here and the change still loses: it is a moment, not a page left open
		f.Alert = q.say("Somebody else has changed these settings since you opened the page. Nothing was changed. The form shows what is stored now.")
		return q.showSettings(http.StatusConflict, s.navEntry, panels)
	}
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
// has several forms: what was sent is shown in its own, unless it is from before a
// change of what is stored.
func (q *request) settingsPanel(title locale.Phrase, entity access.Entity, administrator bool, f *form) panel {
	p := panel{Title: title, Form: f}
	f.Submit, f.Token, f.Seen = "Save", q.FormToken(), f.fingerprint()
	if q.URL.Path == f.Action && q.isCurrent(f) {
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

// isCurrent reports whether what was sent comes from a form that showed what this one
// does, which is what is stored.
func (q *request) isCurrent(f *form) bool { return q.value("seen") == f.Seen }

// fingerprint tells what the fields show from anything else that they might. Those that
// are empty do not count, as the place for one more group.
func (f *form) fingerprint() string {
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
		panic(err) // texts alone
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// maxRoleOptions is how many roles a form lets one choose from, besides those that are
// chosen.
const maxRoleOptions = 200

// roleOptions reads the roles that the caller may see, once, and returns what makes
// options of them and of those that are chosen.
func (q *request) roleOptions() (func(chosen []int64) []option, error) {
	var roles []option
	err := q.eachRole(0, func(r account.RoleSummary) error {
		if len(roles) == maxRoleOptions {
			return errEnough
		}
		roles = append(roles, option{Value: strconv.FormatInt(r.ID, 10), Text: r.Name})
		return nil
	})
	if err != nil && account.ErrorCode(err) != account.CodeForbidden {
		return nil, err
	}
	return func(chosen []int64) []option {
		options := slices.Clone(roles)
		for _, id := range chosen {
			text := strconv.FormatInt(id, 10)
			if at := slices.IndexFunc(options, func(o option) bool { return o.Value == text }); at >= 0 {
				options[at].Selected = true
			} else {
				options = append(options, option{Value: text, Text: q.say(roleNumber, text), Selected: true})
			}
		}
		return options
	}, nil
}

// roleNumber names a role that is not among those that are read.
const roleNumber locale.Phrase = "Role %s"

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
