package settings_test

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// testSender is a sender of test messages. It sends nothing and returns cause as the result.
type testSender struct{ cause string }

func (c *testSender) Deliver(context.Context, account.MailRoute, account.Message) string {
	return c.cause
}

// with returns a copy of form in which change replaces or adds values. The original must not be
// sent, since sending a form adds a CSRF token to it.
func with(form, change url.Values) url.Values {
	changed := maps.Clone(form)
	maps.Copy(changed, change)
	return changed
}

var seenBy = regexp.MustCompile(`action="([^"]*)"[^>]*>\n<input[^>]*>\n` +
	`<input type="hidden" name="seen" value="([^"]*)"`)

// seen returns the fingerprint of the stored settings from the form that is sent to path.
func seen(b *consoletest.Browser, path string) string {
	b.T.Helper()
	view := path
	if path == "/settings/new-users" || path == "/settings/activity" {
		view = "/settings"
	}
	for _, found := range seenBy.FindAllStringSubmatch(b.Get(view).Body, -1) {
		if found[1] == path {
			return found[2]
		}
	}
	return ""
}

// save opens the page of a settings form and sends the form right after.
func save(b *consoletest.Browser, path string, form url.Values) consoletest.Answer {
	b.T.Helper()
	return b.Post(path, with(form, url.Values{"seen": {seen(b, path)}}))
}

// saved sends a form like save. The server must accept the form; saved follows the redirect and
// returns that page.
func saved(b *consoletest.Browser, path string, form url.Values) consoletest.Answer {
	b.T.Helper()
	return b.Follow(path, with(form, url.Values{"seen": {seen(b, path)}}))
}

var (
	serverForm = url.Values{
		"publicUrl": {"http://127.0.0.1:8080"}, "emailSenderName": {"Accounts"},
		"sessionIdle": {"8"}, "sessionIdle-unit": {"hours"}, "sessionAbsolute": {"2"}, "sessionAbsolute-unit": {"days"},
	}
	mailForm = url.Values{
		"smtpServerAddress": {"mail.example.org"}, "smtpServerPort": {"2525"}, "security": {"tls"},
		"smtpAccount":         {"usher"},
		"smtpAccountPassword": {"Mail-Password-77"}, "emailSender": {"accounts@example.org"},
		"internalCertificate": {""},
	}
	lockoutForm = url.Values{
		"enabled": {"yes"}, "failedAttemptThreshold": {"5"}, "failedAttemptPeriod": {"1"},
		"failedAttemptPeriod-unit": {"hours"},
		"lockoutDuration":          {"0"}, "lockoutDuration-unit": {"minutes"},
	}
	directoryForm = url.Values{
		"enabled": {"yes"}, "url": {"ldaps://directory.example.org"}, "searchUserDN": {"cn=usher"},
		"searchUserPassword": {"Search-Password-77"},
		"userSearchBase":     {"ou=people"}, "userSearchFilter": {"(uid={{login}})"}, "group-0": {"Staff"},
		"group-0-roles": {"2"}, "group-1": {""},
	}
	samlForm = url.Values{
		"providerLoginUrl": {"https://provider.example.org/saml"}, "signatureCertificate": {""}, "group-0": {""},
	}
)

// TestInvalidSettings checks that a form with an invalid value changes nothing, and that the page
// shows the fault at its field.
func TestInvalidSettings(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	groups(s, "Staff") // so that the form has fields for a second group
	for _, test := range []struct {
		path   string
		form   url.Values
		change url.Values
		field  string // name of the field that must show the fault
		says   string
	}{
		{"/settings", serverForm, url.Values{"publicUrl": {"https://a.example/path"}}, "publicUrl",
			"Must be a URL without a path"},
		{"/settings", serverForm, url.Values{"emailSenderName": {" "}}, "emailSenderName", "Must not be empty"},
		{"/settings", serverForm, url.Values{"sessionIdle": {"x"}}, "sessionIdle", "Must be a whole number."},
		{"/settings", serverForm, url.Values{"sessionIdle": {"-1"}}, "sessionIdle", "Must be a whole number."},
		{"/settings", serverForm, url.Values{"sessionIdle": {"1"}, "sessionIdle-unit": {"minutes"}}, "sessionIdle",
			"Must be from 5 minutes to 30 days."},
		{"/settings", serverForm, url.Values{"sessionAbsolute": {"9223372036854775807"}}, "sessionAbsolute",
			"Must be from 5 minutes to 365 days."},
		{"/settings", serverForm, url.Values{"sessionIdle": {"3"}, "sessionIdle-unit": {"days"}}, "sessionIdle",
			"Would let a session"},
		{"/settings", serverForm, url.Values{"sessionIdle": {"3600"}, "sessionIdle-unit": {"seconds"}},
			"sessionIdle", "Must be one of those that are offered."},
		{"/settings", serverForm, url.Values{"sessionIdle-unit": nil}, "sessionIdle", "Must be one of those that " +
			"are offered."},
		{"/settings/new-users", url.Values{}, nil, "defaultRoleIds", "Must have at least one role."},
		{"/settings/new-users", url.Values{"defaultRoleIds": {"77"}}, nil, "defaultRoleIds", "There is no role 77."},
		{"/settings/activity", url.Values{"logRetentionPeriod": {"0"}}, nil, "logRetentionPeriod",
			"Must be from 1 to 3650."},
		{"/settings/activity", url.Values{"logRetentionPeriod": {"long"}}, nil, "logRetentionPeriod",
			"Must be a whole number."},
		{"/settings/mail", mailForm, url.Values{"smtpServerAddress": {"smtp://x"}}, "smtpServerAddress",
			"Must be a name or an address alone"},
		{"/settings/mail", mailForm, url.Values{"smtpServerPort": {"70000"}}, "smtpServerPort",
			"Must be from 1 to 65535."},
		{"/settings/mail", mailForm, url.Values{"smtpServerPort": {"x"}}, "smtpServerPort", "Must be a whole number."},
		{"/settings/mail", mailForm, url.Values{"security": {"none"}}, "smtpAccount", "a password is never sent in " +
			"clear"},
		{"/settings/mail", mailForm, url.Values{"security": {"StartTLS"}}, "security", "Must be one of those that " +
			"are offered."},
		{"/settings/mail", mailForm, url.Values{"emailSender": {"nobody"}}, "emailSender",
			"Must be an e-mail address."},
		{"/settings/mail", mailForm, url.Values{"internalCertificate": {"x"}}, "internalCertificate",
			"Must be certificates in PEM"},
		{"/settings/mail", mailForm, url.Values{"smtpAccountPassword": {strings.Repeat("x", 1025)}},
			"smtpAccountPassword", "Must be at most 1024 characters long."},
		{"/settings/sign-in", lockoutForm, url.Values{"failedAttemptThreshold": {"0"}}, "failedAttemptThreshold",
			"Must be from 1 to 50."},
		{"/settings/sign-in", lockoutForm, url.Values{
			"lockoutDuration": {"366"}, "lockoutDuration-unit": {"days"},
		}, "lockoutDuration", "Must be at most 365 days."},
		{"/settings/sign-in", lockoutForm, url.Values{"failedAttemptPeriod": {""}}, "failedAttemptPeriod",
			"Must be a whole number."},
		{"/settings/directory", directoryForm, url.Values{"url": {"https://x"}}, "url", "Must be a URL such as " +
			"ldaps://"},
		{"/settings/directory", directoryForm, url.Values{"url": {""}}, "url", "Must be set for the directory to " +
			"be enabled."},
		{"/settings/directory", directoryForm, url.Values{"group-0-roles": nil}, "group-0-roles",
			"Must have at least one role."},
		{"/settings/directory", directoryForm, url.Values{"group-1": {"Staff"}, "group-1-roles": {"2"}}, "group-1",
			"Is the name of a group before it."},
		{"/settings/directory", directoryForm, url.Values{"group-0": {""}, "group-1": {"Staff"}}, "group-1-roles",
			"Must have at least one role."},
		{"/settings/saml", samlForm, url.Values{"providerLoginUrl": {"ftp://x"}}, "providerLoginUrl",
			"Must be a URL such as https://provider"},
		{"/settings/saml", samlForm, url.Values{"signatureCertificate": {"x"}}, "signatureCertificate",
			"Must be certificates in PEM"},
		{"/settings/saml", samlForm, url.Values{"enabled": {"yes"}}, "signatureCertificate", "Must be set for the " +
			"provider to be enabled."},
	} {
		t.Run(test.path+" "+test.change.Encode(), func(t *testing.T) {
			a := save(b, test.path, with(test.form, test.change))
			a.Want(t, 422, "Nothing was changed. See what is marked below.", `id="`+test.field+`-fault"`, test.says)
			if strings.Contains(a.Body, "-Password-77") {
				t.Error("the page has the password")
			}
		})
	}
	got := consoletest.Must(s.ServerSettings(t.Context(), s.Principal(consoletest.AdminEmail)))
	if got.PublicURL != nil || got.SessionIdle != account.SessionIdle {
		t.Errorf("something was changed: %+v", got)
	}
}

func TestGeneralSettings(t *testing.T) {
	s := consoletest.New(t)
	b, admin := s.SignedInAs(consoletest.AdminEmail), s.Principal(consoletest.AdminEmail)
	b.Get("/settings").Want(t, 200, `<option value="hours" selected>`, "everybody has to sign in again",
		`aria-current="page">General</a>`)
	saved(b, "/settings", with(serverForm, nil)).Want(t, 200,
		"The settings are saved. Sign in at http://127.0.0.1:8080 from now on", `value="8"`)
	got := consoletest.Must(s.ServerSettings(t.Context(), admin))
	if *got.PublicURL != "http://127.0.0.1:8080" || got.SenderName != "Accounts" || got.SessionIdle != 8*time.Hour ||
		got.SessionAbsolute != 48*time.Hour {
		t.Errorf("the settings are %+v", got)
	}
	saved(b, "/settings", with(serverForm, url.Values{"publicUrl": {""}})).Want(t, 200, "The settings are saved.")
	if got := consoletest.Must(s.ServerSettings(t.Context(), admin)); got.PublicURL != nil {
		t.Errorf("the public address is still %s", *got.PublicURL)
	}
	saved(b, "/settings/new-users", url.Values{"defaultRoleIds": {"2"}}).Want(t, 200, "The settings are saved.")
	saved(b, "/settings/activity", url.Values{"logRetentionPeriod": {"90"}}).Want(t, 200, "The settings are saved.",
		`value="90"`)
	application := consoletest.Must(s.ApplicationSettings(t.Context(), admin))
	if len(application.DefaultRoleIDs) != 1 || application.DefaultRoleIDs[0] != 2 || application.KeepActivity ||
		application.ActivityDays != 90 {
		t.Errorf("the settings are %+v", application)
	}
}

// TestMailSettings checks that the password of the mail server can be set, but is never shown.
func TestMailSettings(t *testing.T) {
	post := &testSender{}
	s := consoletest.New(t, func(o *service.Options) { o.TestSender = post })
	b, admin := s.SignedInAs(consoletest.AdminEmail), s.Principal(consoletest.AdminEmail)
	b.Get("/settings/mail").Want(t, 200, "No mail server is set", "There is none yet.", "Send a test message",
		consoletest.AdminEmail)
	view := saved(b, "/settings/mail", with(mailForm, nil))
	view.Want(t, 200, "The settings are saved.", `value="mail.example.org"`, `value="2525"`,
		`<option value="tls" selected>`, "There is one. Leave this empty to keep it.")
	if strings.Contains(view.Body, "Mail-Password-77") || strings.Contains(view.Body, secret.Mask) {
		t.Error("the page shows the password")
	}
	password := func() string {
		t.Helper()
		return consoletest.Must(s.MailRoute(t.Context())).Server.Password.Reveal()
	}
	kept := with(mailForm, url.Values{"smtpAccountPassword": {""}})
	saved(b, "/settings/mail", kept)
	if got := password(); got != "Mail-Password-77" {
		t.Errorf("the password after a change without one is %q", got)
	}
	saved(b, "/settings/mail", with(kept, url.Values{"forgetPassword": {"yes"}})).Want(t, 200, "There is none yet.")
	if got := password(); got != "" {
		t.Errorf("the removed password is %q", got)
	}
	b.Follow("/settings/mail/test", nil).Want(t, 200, "The message to "+consoletest.AdminEmail+" has left.")
	post.cause = "authentication refused"
	b.Post("/settings/mail/test", nil).Want(t, 422,
		"The message to "+consoletest.AdminEmail+" was not delivered: authentication refused.")
	for range 3 {
		b.Post("/settings/mail/test", nil)
	}
	b.Post("/settings/mail/test", nil).Want(t, 429, "Too many attempts.")
	saved(b, "/settings/mail", url.Values{
		"smtpServerAddress": {""}, "smtpServerPort": {""}, "security": {"starttls"}, "smtpAccount": {""},
		"emailSender": {""},
	}).
		Want(t, 200, "No mail server is set")
	if m := consoletest.Must(s.ApplicationSettings(t.Context(), admin)).Mail; m.Server != nil || m.Port != nil ||
		m.Account != nil || !m.StartTLS || m.TLS {
		t.Errorf("the settings are %+v", m)
	}
}

func TestLockoutSettings(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/settings/sign-in").Want(t, 200, `value="5"`, `<option value="minutes" selected>`)
	saved(b, "/settings/sign-in", with(lockoutForm, nil)).Want(t, 200, "The settings are saved.")
	got := consoletest.Must(s.LockoutPolicy(t.Context(), s.Principal(consoletest.AdminEmail)))
	if !got.Enabled || got.Threshold != 5 || got.Period != time.Hour || got.Duration != 0 {
		t.Errorf("the policy is %+v", got)
	}
}

func TestDirectorySettings(t *testing.T) {
	s := consoletest.New(t)
	b, admin := s.SignedInAs(consoletest.AdminEmail), s.Principal(consoletest.AdminEmail)
	b.Get("/settings/directory").Want(t, 200, "Signing in by it is still to come")
	view := saved(b, "/settings/directory", with(directoryForm, nil))
	view.Want(t, 200, "The settings are saved.", `name="group-0" value="Staff"`, `name="group-1"`, "There is one.")
	if strings.Contains(view.Body, "Search-Password-77") {
		t.Error("the page shows the password")
	}
	saved(b, "/settings/directory", with(directoryForm, url.Values{
		"searchUserPassword": {""}, "group-0": {""}, "group-1": {"Guests"}, "group-1-roles": {"2"}, "group-2": {""},
	}))
	got := consoletest.Must(s.LDAPConfiguration(t.Context(), admin))
	if len(got.AllowedGroups) != 1 || got.AllowedGroups[0].Name != "Guests" || !got.PasswordSet ||
		*got.UserSearchFilter != "(uid={{login}})" {
		t.Errorf("the configuration is %+v", got)
	}
}

func TestSAMLSettings(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/settings/saml").Want(t, 200, "Set the public address first", "There is no certificate yet")
	b.Get("/settings/saml/certificate.pem").Want(t, 404)
	b.Get("/settings/saml/renew").Want(t, 200, "It replaces the one that there is now.")
	b.Follow("/settings/saml/renew", nil).Want(t, 200, "There is a new certificate.", "-----BEGIN CERTIFICATE-----")
	file := b.Get("/settings/saml/certificate.pem")
	file.Want(t, 200, "-----BEGIN CERTIFICATE-----")
	if got := file.Header.Get("Content-Type"); got != "application/x-pem-file" || strings.Contains(file.Body,
		"PRIVATE") {
		t.Errorf("%s\n%s", got, file.Body)
	}
	saved(b, "/settings/saml", with(samlForm, url.Values{
		"enabled": {"yes"}, "activateCreatedUsers": {"yes"}, "signatureCertificate": {strings.ReplaceAll(file.Body,
			"\n", "\r\n")},
	})).Want(t, 200, "The settings are saved.", `value="https://provider.example.org/saml"`)
	got := consoletest.Must(s.SAMLConfiguration(t.Context(), s.Principal(consoletest.AdminEmail)))
	if !got.Enabled || !got.ActivateCreatedUsers {
		t.Errorf("the configuration is %+v", got)
	}
}

// TestOverriddenSettings checks settings that the operator fixes by flags. The page shows them as
// read-only, and a form that was opened earlier can't change them.
func TestOverriddenSettings(t *testing.T) {
	public := consoletest.Must(url.Parse("http://127.0.0.1:8080"))
	s := consoletest.New(t, func(o *service.Options) {
		o.PublicURL = public
		o.MailOverrides = settings.MailOverrides{
			Server: &account.MailServer{Host: "fixed.example.org", Security: account.MailTLS},
			Sender: "fixed@example.org", SenderName: "Fixed",
		}
	})
	b := s.SignedInAs(consoletest.AdminEmail)
	const why = "Set where the server is started, and can be changed there alone."
	b.Get("/settings").Want(t, 200, `value="http://127.0.0.1:8080"`, `value="Fixed" autocomplete="off" disabled`, why)
	saved(b, "/settings", url.Values{
		"sessionIdle": {"8"}, "sessionIdle-unit": {"hours"}, "sessionAbsolute": {"2"},
		"sessionAbsolute-unit": {"days"},
	}).
		Want(t, 200, "The settings are saved.")
	save(b, "/settings", with(serverForm, nil)).Want(t, 409, "Is set where the server is started.",
		`id="emailSenderName-fault"`)
	b.Get("/settings/mail").Want(t, 200, `value="fixed.example.org" autocomplete="off" disabled`,
		`value="fixed@example.org" autocomplete="off" disabled`, why)
	save(b, "/settings/mail", with(mailForm, nil)).Want(t, 409, `id="smtpServerAddress-fault"`)
	saved(b, "/settings/mail", url.Values{"internalCertificate": {""}}).Want(t, 200, "The settings are saved.")
}

// TestSettingsPermissions checks that a user who may only read settings sees forms without a
// button. Settings for administrators are read-only for all others, and package service refuses a
// change.
func TestSettingsPermissions(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("nobody@example.org")
	reader := s.AddRoleFrom("reader", "application-settings:read", "lockout-policy:read", "ldap-configuration:read",
		"saml-configuration:read")
	editor := s.AddRoleFrom("editor", "application-settings:read", "application-settings:edit",
		"saml-configuration:read", "saml-configuration:edit")
	s.AddUser("reader@example.org", reader)
	s.AddUser("editor@example.org", editor)
	sections := []string{"/settings", "/settings/mail", "/settings/sign-in", "/settings/directory", "/settings/saml"}
	forms := map[string]url.Values{
		"/settings": serverForm, "/settings/new-users": {"defaultRoleIds": {"1"}},
		"/settings/activity": {"logRetentionPeriod": {"1"}},
		"/settings/mail":     mailForm, "/settings/mail/test": {}, "/settings/sign-in": lockoutForm,
		"/settings/directory": directoryForm,
		"/settings/saml":      samlForm, "/settings/saml/renew": {},
	}
	nobody := s.SignedInAs("nobody@example.org")
	reads, edits := s.SignedInAs("reader@example.org"), s.SignedInAs("editor@example.org")
	for _, path := range sections {
		nobody.Get(path).Want(t, 403)
		view := reads.Get(path)
		view.Want(t, 200, "You may read these settings, not change them.")
		if strings.Contains(view.Body, ">Save</button>") || strings.Contains(view.Body, "Send a test message") ||
			strings.Contains(view.Body, "renew") {
			t.Errorf("%s offers what the caller may not do", path)
		}
	}
	for path, form := range forms {
		nobody.Post(path, with(form, nil)).Want(t, 403)
		reads.Post(path, with(form, nil)).Want(t, 403)
	}
	edits.Get("/settings").Want(t, 200, "Only an administrator may change this.", ">Save</button>")
	saved(edits, "/settings", url.Values{
		"sessionIdle": {"8"}, "sessionIdle-unit": {"hours"}, "sessionAbsolute": {"2"},
		"sessionAbsolute-unit": {"days"},
	}).
		Want(t, 200, "The settings are saved.")
	save(edits, "/settings", with(serverForm, nil)).Want(t, 403, "Only an administrator may change this.")
	edits.Get("/settings/mail").Want(t, 200, "Only an administrator may change this.")
	save(edits, "/settings/mail", with(mailForm, nil)).Want(t, 403)
	edits.Post("/settings/mail/test", nil).Want(t, 403)
	edits.Post("/settings/saml/renew", nil).Want(t, 403)
	edits.Get("/settings/sign-in").Want(t, 403)
}

var groupField = regexp.MustCompile(`<input type="text" id="group-\d+"`)
