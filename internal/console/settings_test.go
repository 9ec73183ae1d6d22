package console_test

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// courier delivers nothing, and says why.
type courier struct{ cause string }

func (c *courier) Deliver(context.Context, account.MailRoute, account.Message) string { return c.cause }

// roleFor makes a role with permissions, each as "entity:action", to all.
func (s *site) roleFor(name string, permissions ...string) int64 {
	s.t.Helper()
	admin := s.principal(adminEmail)
	made, err := s.CreateRoles(s.t.Context(), admin, []account.NewRole{{Name: name}})
	if err != nil {
		s.t.Fatal(err)
	}
	var drafts []access.PermissionRequest
	for _, p := range permissions {
		entity, action, _ := strings.Cut(p, ":")
		drafts = append(drafts, access.PermissionRequest{Entity: access.Entity(entity), Action: access.Action(action)})
	}
	if _, err := s.SetRolePermissions(s.t.Context(), admin, made[0].ID, drafts); err != nil {
		s.t.Fatal(err)
	}
	return made[0].ID
}

// with is a form with changes, and a copy of it in any case: sending it adds a token.
func with(form, change url.Values) url.Values {
	changed := maps.Clone(form)
	maps.Copy(changed, change)
	return changed
}

var seenBy = regexp.MustCompile(`action="([^"]*)"[^>]*>\n<input[^>]*>\n<input type="hidden" name="seen" value="([^"]*)"`)

// seen is what the form of a path carries of the settings that are stored now.
func (b *browser) seen(path string) string {
	b.t.Helper()
	page := path
	if path == "/settings/new-users" || path == "/settings/activity" {
		page = "/settings"
	}
	for _, found := range seenBy.FindAllStringSubmatch(b.get(page).body, -1) {
		if found[1] == path {
			return found[2]
		}
	}
	return ""
}

// save is post for a form of settings whose page was opened just before.
func (b *browser) save(path string, form url.Values) answer {
	b.t.Helper()
	return b.post(path, with(form, url.Values{"seen": {b.seen(path)}}))
}

// saved is follow for such a form.
func (b *browser) saved(path string, form url.Values) answer {
	b.t.Helper()
	return b.follow(path, with(form, url.Values{"seen": {b.seen(path)}}))
}

var (
	serverForm = url.Values{
		"publicUrl": {"http://127.0.0.1:8080"}, "emailSenderName": {"Accounts"},
		"sessionIdle": {"8"}, "sessionIdle-unit": {"hours"}, "sessionAbsolute": {"2"}, "sessionAbsolute-unit": {"days"},
	}
	mailForm = url.Values{
		"smtpServerAddress": {"mail.example.org"}, "smtpServerPort": {"2525"}, "security": {"tls"}, "smtpAccount": {"usher"},
		"smtpAccountPassword": {"Mail-Password-77"}, "emailSender": {"accounts@example.org"}, "internalCertificate": {""},
	}
	lockoutForm = url.Values{
		"enabled": {"yes"}, "failedAttemptThreshold": {"5"}, "failedAttemptPeriod": {"1"}, "failedAttemptPeriod-unit": {"hours"},
		"lockoutDuration": {"0"}, "lockoutDuration-unit": {"minutes"},
	}
	directoryForm = url.Values{
		"enabled": {"yes"}, "url": {"ldaps://directory.example.org"}, "searchUserDN": {"cn=usher"}, "searchUserPassword": {"Search-Password-77"},
		"userSearchBase": {"ou=people"}, "userSearchFilter": {"(uid={{login}})"}, "group-0": {"Staff"}, "group-0-roles": {"2"}, "group-1": {""},
	}
	samlForm = url.Values{"providerLoginUrl": {"https://provider.example.org/saml"}, "signatureCertificate": {""}, "group-0": {""}}
)

// A form with a fault changes nothing, and says what is wrong beside the field.
func TestBadSettings(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	s.groups("Staff") // so that the form has a second place
	for _, test := range []struct {
		path   string
		form   url.Values
		change url.Values
		field  string // beside which
		says   string
	}{
		{"/settings", serverForm, url.Values{"publicUrl": {"https://a.example/path"}}, "publicUrl", "Must be a URL without a path"},
		{"/settings", serverForm, url.Values{"emailSenderName": {" "}}, "emailSenderName", "Must not be empty"},
		{"/settings", serverForm, url.Values{"sessionIdle": {"x"}}, "sessionIdle", "Must be a whole number."},
		{"/settings", serverForm, url.Values{"sessionIdle": {"-1"}}, "sessionIdle", "Must be a whole number."},
		{"/settings", serverForm, url.Values{"sessionIdle": {"1"}, "sessionIdle-unit": {"minutes"}}, "sessionIdle", "Must be from 5 minutes to 30 days."},
		{"/settings", serverForm, url.Values{"sessionAbsolute": {"9223372036854775807"}}, "sessionAbsolute", "Must be from 5 minutes to 365 days."},
		{"/settings", serverForm, url.Values{"sessionIdle": {"3"}, "sessionIdle-unit": {"days"}}, "sessionIdle", "Would let a session"},
		{"/settings", serverForm, url.Values{"sessionIdle": {"3600"}, "sessionIdle-unit": {"seconds"}}, "sessionIdle", "Must be one of those that are offered."},
		{"/settings", serverForm, url.Values{"sessionIdle-unit": nil}, "sessionIdle", "Must be one of those that are offered."},
		{"/settings/new-users", url.Values{}, nil, "defaultRoleIds", "Must have at least one role."},
		{"/settings/new-users", url.Values{"defaultRoleIds": {"77"}}, nil, "defaultRoleIds", "There is no role 77."},
		{"/settings/activity", url.Values{"logRetentionPeriod": {"0"}}, nil, "logRetentionPeriod", "Must be from 1 to 3650."},
		{"/settings/activity", url.Values{"logRetentionPeriod": {"long"}}, nil, "logRetentionPeriod", "Must be a whole number."},
		{"/settings/mail", mailForm, url.Values{"smtpServerAddress": {"smtp://x"}}, "smtpServerAddress", "Must be a name or an address alone"},
		{"/settings/mail", mailForm, url.Values{"smtpServerPort": {"70000"}}, "smtpServerPort", "Must be from 1 to 65535."},
		{"/settings/mail", mailForm, url.Values{"smtpServerPort": {"x"}}, "smtpServerPort", "Must be a whole number."},
		{"/settings/mail", mailForm, url.Values{"security": {"none"}}, "smtpAccount", "a password is never sent in clear"},
		{"/settings/mail", mailForm, url.Values{"security": {"StartTLS"}}, "security", "Must be one of those that are offered."},
		{"/settings/mail", mailForm, url.Values{"emailSender": {"nobody"}}, "emailSender", "Must be an e-mail address."},
		{"/settings/mail", mailForm, url.Values{"internalCertificate": {"x"}}, "internalCertificate", "Must be certificates in PEM"},
		{"/settings/mail", mailForm, url.Values{"smtpAccountPassword": {strings.Repeat("x", 1025)}}, "smtpAccountPassword", "Must be at most 1024 characters long."},
		{"/settings/sign-in", lockoutForm, url.Values{"failedAttemptThreshold": {"0"}}, "failedAttemptThreshold", "Must be from 1 to 50."},
		{"/settings/sign-in", lockoutForm, url.Values{"lockoutDuration": {"366"}, "lockoutDuration-unit": {"days"}}, "lockoutDuration", "Must be at most 365 days."},
		{"/settings/sign-in", lockoutForm, url.Values{"failedAttemptPeriod": {""}}, "failedAttemptPeriod", "Must be a whole number."},
		{"/settings/directory", directoryForm, url.Values{"url": {"https://x"}}, "url", "Must be a URL such as ldaps://"},
		{"/settings/directory", directoryForm, url.Values{"url": {""}}, "url", "Must be set for the directory to be enabled."},
		{"/settings/directory", directoryForm, url.Values{"group-0-roles": nil}, "group-0-roles", "Must have at least one role."},
		{"/settings/directory", directoryForm, url.Values{"group-1": {"Staff"}, "group-1-roles": {"2"}}, "group-1", "Is the name of a group before it."},
		{"/settings/directory", directoryForm, url.Values{"group-0": {""}, "group-1": {"Staff"}}, "group-1-roles", "Must have at least one role."},
		{"/settings/saml", samlForm, url.Values{"providerLoginUrl": {"ftp://x"}}, "providerLoginUrl", "Must be a URL such as https://provider"},
		{"/settings/saml", samlForm, url.Values{"signatureCertificate": {"x"}}, "signatureCertificate", "Must be certificates in PEM"},
		{"/settings/saml", samlForm, url.Values{"enabled": {"yes"}}, "signatureCertificate", "Must be set for the provider to be enabled."},
	} {
		t.Run(test.path+" "+test.change.Encode(), func(t *testing.T) {
			a := b.save(test.path, with(test.form, test.change))
			a.want(t, 422, "Nothing was changed. See what is marked below.", `id="`+test.field+`-fault"`, test.says)
			if strings.Contains(a.body, "-Password-77") {
				t.Error("a password is sent back")
			}
		})
	}
	if got := must(s.ServerSettings(t.Context(), s.principal(adminEmail))); got.PublicURL != nil || got.SessionIdle != account.SessionIdle {
		t.Errorf("something was changed: %+v", got)
	}
}

func TestGeneralSettings(t *testing.T) {
	s := newSite(t)
	b, admin := s.as(adminEmail), s.principal(adminEmail)
	b.get("/settings").want(t, 200, `<option value="hours" selected>`, "everybody has to sign in again", `aria-current="page">General</a>`)
	b.saved("/settings", with(serverForm, nil)).want(t, 200, "The settings are saved. Sign in at http://127.0.0.1:8080 from now on", `value="8"`)
	got := must(s.ServerSettings(t.Context(), admin))
	if *got.PublicURL != "http://127.0.0.1:8080" || got.SenderName != "Accounts" || got.SessionIdle != 8*time.Hour || got.SessionAbsolute != 48*time.Hour {
		t.Errorf("the settings are %+v", got)
	}
	b.saved("/settings", with(serverForm, url.Values{"publicUrl": {""}})).want(t, 200, "The settings are saved.")
	if got := must(s.ServerSettings(t.Context(), admin)); got.PublicURL != nil {
		t.Errorf("the public address is still %s", *got.PublicURL)
	}
	b.saved("/settings/new-users", url.Values{"defaultRoleIds": {"2"}}).want(t, 200, "The settings are saved.")
	b.saved("/settings/activity", url.Values{"logRetentionPeriod": {"90"}}).want(t, 200, "The settings are saved.", `value="90"`)
	application := must(s.ApplicationSettings(t.Context(), admin))
	if len(application.DefaultRoleIDs) != 1 || application.DefaultRoleIDs[0] != 2 || application.KeepActivity || application.ActivityDays != 90 {
		t.Errorf("the settings are %+v", application)
	}
}

// The password of the mail server is written and never read.
func TestMailSettings(t *testing.T) {
	post := &courier{}
	s := newSite(t, func(o *service.Options) { o.TestSender = post })
	b, admin := s.as(adminEmail), s.principal(adminEmail)
	b.get("/settings/mail").want(t, 200, "No mail server is set", "There is none yet.", "Send a test message", adminEmail)
	page := b.saved("/settings/mail", with(mailForm, nil))
	page.want(t, 200, "The settings are saved.", `value="mail.example.org"`, `value="2525"`, `<option value="tls" selected>`, "There is one. Leave this empty to keep it.")
	if strings.Contains(page.body, "Mail-Password-77") || strings.Contains(page.body, secret.Mask) {
		t.Error("the page shows the password")
	}
	password := func() string {
		t.Helper()
		return must(s.MailRoute(t.Context())).Server.Password.Reveal()
	}
	kept := with(mailForm, url.Values{"smtpAccountPassword": {""}})
	b.saved("/settings/mail", kept)
	if got := password(); got != "Mail-Password-77" {
		t.Errorf("the password that was kept is %q", got)
	}
	b.saved("/settings/mail", with(kept, url.Values{"forgetPassword": {"yes"}})).want(t, 200, "There is none yet.")
	if got := password(); got != "" {
		t.Errorf("the password that was forgotten is %q", got)
	}
	b.follow("/settings/mail/test", nil).want(t, 200, "The message to "+adminEmail+" has left.")
	post.cause = "authentication refused"
	b.post("/settings/mail/test", nil).want(t, 422, "The message to "+adminEmail+" was not delivered: authentication refused.")
	for range 3 {
		b.post("/settings/mail/test", nil)
	}
	b.post("/settings/mail/test", nil).want(t, 429, "Too many attempts.")
	b.saved("/settings/mail", url.Values{"smtpServerAddress": {""}, "smtpServerPort": {""}, "security": {"starttls"}, "smtpAccount": {""}, "emailSender": {""}}).
		want(t, 200, "No mail server is set")
	if m := must(s.ApplicationSettings(t.Context(), admin)).Mail; m.Server != nil || m.Port != nil || m.Account != nil || !m.StartTLS || m.TLS {
		t.Errorf("the settings are %+v", m)
	}
}

func TestLockoutSettings(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/settings/sign-in").want(t, 200, `value="5"`, `<option value="minutes" selected>`)
	b.saved("/settings/sign-in", with(lockoutForm, nil)).want(t, 200, "The settings are saved.")
	got := must(s.LockoutPolicy(t.Context(), s.principal(adminEmail)))
	if !got.Enabled || got.Threshold != 5 || got.Period != time.Hour || got.Duration != 0 {
		t.Errorf("the policy is %+v", got)
	}
}

func TestDirectorySettings(t *testing.T) {
	s := newSite(t)
	b, admin := s.as(adminEmail), s.principal(adminEmail)
	b.get("/settings/directory").want(t, 200, "Signing in by it is still to come")
	page := b.saved("/settings/directory", with(directoryForm, nil))
	page.want(t, 200, "The settings are saved.", `name="group-0" value="Staff"`, `name="group-1"`, "There is one.")
	if strings.Contains(page.body, "Search-Password-77") {
		t.Error("the page shows the password")
	}
	b.saved("/settings/directory", with(directoryForm, url.Values{
		"searchUserPassword": {""}, "group-0": {""}, "group-1": {"Guests"}, "group-1-roles": {"2"}, "group-2": {""},
	}))
	got := must(s.LDAPConfiguration(t.Context(), admin))
	if len(got.AllowedGroups) != 1 || got.AllowedGroups[0].Name != "Guests" || !got.PasswordSet || *got.UserSearchFilter != "(uid={{login}})" {
		t.Errorf("the configuration is %+v", got)
	}
}

func TestSAMLSettings(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/settings/saml").want(t, 200, "Set the public address first", "There is no certificate yet")
	b.get("/settings/saml/certificate.pem").want(t, 404)
	b.get("/settings/saml/renew").want(t, 200, "It replaces the one that there is now.")
	b.follow("/settings/saml/renew", nil).want(t, 200, "There is a new certificate.", "-----BEGIN CERTIFICATE-----")
	file := b.get("/settings/saml/certificate.pem")
	file.want(t, 200, "-----BEGIN CERTIFICATE-----")
	if got := file.Header.Get("Content-Type"); got != "application/x-pem-file" || strings.Contains(file.body, "PRIVATE") {
		t.Errorf("%s\n%s", got, file.body)
	}
	b.saved("/settings/saml", with(samlForm, url.Values{
		"enabled": {"yes"}, "activateCreatedUsers": {"yes"}, "signatureCertificate": {strings.ReplaceAll(file.body, "\n", "\r\n")},
	})).want(t, 200, "The settings are saved.", `value="https://provider.example.org/saml"`)
	if got := must(s.SAMLConfiguration(t.Context(), s.principal(adminEmail))); !got.Enabled || !got.ActivateCreatedUsers {
		t.Errorf("the configuration is %+v", got)
	}
}

// What the operator has fixed is shown and cannot be changed, also by a form that was
// open before.
func TestFixedSettings(t *testing.T) {
	public := must(url.Parse("http://127.0.0.1:8080"))
	s := newSite(t, func(o *service.Options) {
		o.PublicURL = public
		o.MailOverrides = settings.MailOverrides{Server: &account.MailServer{Host: "fixed.example.org", Security: account.MailTLS}, Sender: "fixed@example.org", SenderName: "Fixed"}
	})
	b := s.as(adminEmail)
	const why = "Set where the server is started, and can be changed there alone."
	b.get("/settings").want(t, 200, `value="http://127.0.0.1:8080"`, `value="Fixed" autocomplete="off" disabled`, why)
	b.saved("/settings", url.Values{"sessionIdle": {"8"}, "sessionIdle-unit": {"hours"}, "sessionAbsolute": {"2"}, "sessionAbsolute-unit": {"days"}}).
		want(t, 200, "The settings are saved.")
	b.save("/settings", with(serverForm, nil)).want(t, 409, "Is set where the server is started.", `id="emailSenderName-fault"`)
	b.get("/settings/mail").want(t, 200, `value="fixed.example.org" autocomplete="off" disabled`, `value="fixed@example.org" autocomplete="off" disabled`, why)
	b.save("/settings/mail", with(mailForm, nil)).want(t, 409, `id="smtpServerAddress-fault"`)
	b.saved("/settings/mail", url.Values{"internalCertificate": {""}}).want(t, 200, "The settings are saved.")
}

// Who may read settings sees them, and no button. What only an administrator may change
// is disabled for others, and the rules refuse it.
func TestSettingsArePermitted(t *testing.T) {
	s := newSite(t)
	s.user("nobody@example.org")
	reader := s.roleFor("reader", "application-settings:read", "lockout-policy:read", "ldap-configuration:read", "saml-configuration:read")
	editor := s.roleFor("editor", "application-settings:read", "application-settings:edit", "saml-configuration:read", "saml-configuration:edit")
	s.user("reader@example.org", reader)
	s.user("editor@example.org", editor)
	sections := []string{"/settings", "/settings/mail", "/settings/sign-in", "/settings/directory", "/settings/saml"}
	forms := map[string]url.Values{
		"/settings": serverForm, "/settings/new-users": {"defaultRoleIds": {"1"}}, "/settings/activity": {"logRetentionPeriod": {"1"}},
		"/settings/mail": mailForm, "/settings/mail/test": {}, "/settings/sign-in": lockoutForm, "/settings/directory": directoryForm,
		"/settings/saml": samlForm, "/settings/saml/renew": {},
	}
	nobody, reads, edits := s.as("nobody@example.org"), s.as("reader@example.org"), s.as("editor@example.org")
	for _, path := range sections {
		nobody.get(path).want(t, 403)
		page := reads.get(path)
		page.want(t, 200, "You may read these settings, not change them.")
		if strings.Contains(page.body, ">Save</button>") || strings.Contains(page.body, "Send a test message") || strings.Contains(page.body, "renew") {
			t.Errorf("%s offers what the reader may not do", path)
		}
	}
	for path, form := range forms {
		nobody.post(path, with(form, nil)).want(t, 403)
		reads.post(path, with(form, nil)).want(t, 403)
	}
	edits.get("/settings").want(t, 200, "Only an administrator may change this.", ">Save</button>")
	edits.saved("/settings", url.Values{"sessionIdle": {"8"}, "sessionIdle-unit": {"hours"}, "sessionAbsolute": {"2"}, "sessionAbsolute-unit": {"days"}}).
		want(t, 200, "The settings are saved.")
	edits.save("/settings", with(serverForm, nil)).want(t, 403, "Only an administrator may change this.")
	edits.get("/settings/mail").want(t, 200, "Only an administrator may change this.")
	edits.save("/settings/mail", with(mailForm, nil)).want(t, 403)
	edits.post("/settings/mail/test", nil).want(t, 403)
	edits.post("/settings/saml/renew", nil).want(t, 403)
	edits.get("/settings/sign-in").want(t, 403)
}

// groups stores the groups of the directory, each with the role of users.
func (s *site) groups(names ...string) {
	s.t.Helper()
	groups := make([]account.AllowedGroup, len(names))
	for i, name := range names {
		groups[i] = account.AllowedGroup{Name: name, DefaultRoleIDs: []int64{2}, DefaultProfileID: 1}
	}
	must(s.UpdateLDAPConfiguration(s.t.Context(), s.principal(adminEmail), settings.LDAPUpdate{AllowedGroups: &groups}))
}

// roleCounter counts how often a list of roles is read.
type roleCounter struct {
	account.Store
	lists int
}

func (c *roleCounter) RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error) {
	c.lists++
	return c.Store.RolesAfter(ctx, id, limit)
}

var groupField = regexp.MustCompile(`<input type="text" id="group-\d+"`)

// However many groups are stored or sent, a page has 100 at most and reads the roles
// once. What it does not show stays.
func TestGroupsAreBounded(t *testing.T) {
	counter := &roleCounter{}
	s := newSite(t, func(o *service.Options) { counter.Store = o.Store; o.Store = counter })
	b := s.as(adminEmail)
	show := func(a answer, fields int) {
		t.Helper()
		if got := len(groupField.FindAllString(a.body, -1)); got != fields || counter.lists > 1 {
			t.Errorf("%d groups, want %d; the roles were read %d times", got, fields, counter.lists)
		}
		counter.lists = 0
	}
	many := with(directoryForm, url.Values{"url": {"https://x"}})
	for i := range 500 {
		many.Set(fmt.Sprintf("group-%d", i), fmt.Sprint("Group ", i))
	}
	many.Set("seen", b.seen("/settings/directory"))
	counter.lists = 0
	refused := b.post("/settings/directory", many)
	refused.want(t, 422, `id="url-fault"`)
	show(refused, 1)

	var names []string
	for i := range 150 {
		names = append(names, fmt.Sprint("Group ", i))
	}
	s.groups(names...)
	counter.lists = 0
	page := b.get("/settings/directory")
	page.want(t, 200, "At most 100 groups are shown.", `value="Group 99"`)
	show(page, 100)
	sent := url.Values{}
	for i, name := range names[:100] {
		sent.Set(fmt.Sprintf("group-%d", i), name)
		sent.Set(fmt.Sprintf("group-%d-roles", i), "2")
	}
	sent.Set("group-7", "")
	sent.Set("group-100", "One more") // has no place in the form
	b.saved("/settings/directory", sent)
	got := must(s.LDAPConfiguration(t.Context(), s.principal(adminEmail))).AllowedGroups
	if len(got) != 149 || got[7].Name != "Group 8" || got[148].Name != "Group 149" {
		t.Errorf("%d groups are stored: %+v", len(got), got)
	}
}

// Settings that somebody else has changed since the page was opened are not given back:
// the form is shown with those that are stored.
func TestSettingsOfBeforeAreRefused(t *testing.T) {
	s := newSite(t)
	b, admin := s.as(adminEmail), s.principal(adminEmail)
	role := s.roleFor("Passing")
	must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{2, role}}))
	s.groups("Staff")
	for path, test := range map[string]struct {
		form   url.Values
		change func()
		now    string // what the form shows then
	}{
		"/settings": {serverForm, func() {
			must(s.UpdateServerSettings(t.Context(), admin, settings.ServerUpdate{SenderName: new("Other")}))
		}, `value="Other"`},
		"/settings/new-users": {url.Values{"defaultRoleIds": {"2", fmt.Sprint(role)}}, func() {
			must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{2}}))
		}, fmt.Sprintf(`value="%d"> <span>Passing`, role)},
		"/settings/activity": {url.Values{"logRetentionPeriod": {"90"}}, func() {
			must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{ActivityDays: new(30)}))
		}, `value="30"`},
		"/settings/mail": {mailForm, func() {
			must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{Port: new(new(26))}}))
		}, `value="26"`},
		"/settings/sign-in": {lockoutForm, func() {
			must(0, s.UpdateLockoutPolicy(t.Context(), admin, settings.LockoutUpdate{Threshold: new(9)}))
		}, `value="9"`},
		"/settings/directory": {with(directoryForm, url.Values{"group-1": {"Guests"}, "group-1-roles": {"2"}}), func() { s.groups() }, `name="group-0" value=""`},
		"/settings/saml": {samlForm, func() {
			must(s.UpdateSAMLConfiguration(t.Context(), admin, settings.SAMLUpdate{ActivateCreatedUsers: new(true)}))
		}, `value="yes" checked`},
	} {
		t.Run(path, func(t *testing.T) {
			old := with(test.form, url.Values{"seen": {b.seen(path)}})
			test.change()
			all := func() []any {
				return []any{
					must(s.ServerSettings(t.Context(), admin)), must(s.ApplicationSettings(t.Context(), admin)), must(s.LockoutPolicy(t.Context(), admin)),
					must(s.LDAPConfiguration(t.Context(), admin)), must(s.SAMLConfiguration(t.Context(), admin)),
				}
			}
			before := all()
			a := b.post(path, old)
			a.want(t, 409, "Somebody else has changed these settings since you opened the page.", test.now)
			if strings.Contains(a.body, `name="group-1" value="Guests"`) {
				t.Error("the form shows what was sent")
			}
			b.post(path, with(test.form, nil)).want(t, 409)
			if !reflect.DeepEqual(all(), before) {
				t.Errorf("something was changed: %+v", all())
			}
			b.saved(path, test.form)
		})
	}
}
