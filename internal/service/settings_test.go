package service_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const (
	smtpPassword = "Never-shown-1"
	ldapPassword = "Never-shown-2"
)

// courier keeps what it is to deliver.
type courier struct {
	cause  string
	routes []account.MailRoute
	sent   []account.Message
}

func (c *courier) Deliver(_ context.Context, route account.MailRoute, m account.Message) string {
	c.routes, c.sent = append(c.routes, route), append(c.sent, m)
	return c.cause
}

// unfixed is a service for which the operator has fixed nothing.
func (f *fixture) unfixed() *service.Service {
	return f.with(func(o *service.Options) { o.PublicURL = nil })
}

// to is a change of a field that may be empty.
func to[T any](value T) **T { return ptr(&value) }

// cleared is a change of such a field to nothing.
func cleared[T any]() **T { return ptr[*T](nil) }

// text is a change of a secret.
func text(value string) **secret.Text { return to(secret.New(value)) }

// mailed sets a mail server with an account and a password.
func mailed() settings.ApplicationUpdate {
	return settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{
		Server: to("mail.example.org"), Account: to("usher"), Password: text(smtpPassword),
	}}
}

// activity reads the activity log past the rules.
func (f *fixture) activity() []account.StoredActivity {
	f.t.Helper()
	return must(f.store.under.Activity(f.t.Context(), account.ActivityQuery{OldestFirst: true, Limit: 1000}))
}

// wantLast fails unless the last entry of the activity log is this.
func (f *fixture) wantLast(action account.Action, target string, changes ...string) {
	f.t.Helper()
	entries := f.activity()
	last := entries[len(entries)-1]
	if last.Action != action || string(last.Target.Kind)+last.Target.Name != target {
		f.t.Fatalf("the last entry is %+v, want %s of %s", last, action, target)
	}
	for _, change := range changes {
		if !strings.Contains(last.ChangesText, change) {
			f.t.Errorf("%s is not in %s", change, last.ChangesText)
		}
	}
	for _, e := range entries {
		if strings.Contains(e.ChangesText, smtpPassword) || strings.Contains(e.ChangesText, ldapPassword) || strings.Contains(e.ChangesText, "PRIVATE KEY") {
			f.t.Errorf("a secret in %+v", e)
		}
	}
}

func TestUntouchedSettings(t *testing.T) {
	f := newFixture(t)
	s, admin := f.unfixed(), f.as(adminEmail)
	a := must(s.ApplicationSettings(t.Context(), admin))
	want := account.ApplicationSettings{
		Mail:           account.MailSettings{StartTLS: true, Sender: "usher@localhost"},
		DefaultRoleIDs: []int64{2}, DefaultProfileID: 1, KeepActivity: true, ActivityDays: 365,
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("the settings are %+v", a)
	}
	if got := must(s.ServerSettings(t.Context(), admin)); got != (account.ServerSettings{SenderName: "Usher", SessionIdle: 12 * time.Hour, SessionAbsolute: 30 * 24 * time.Hour}) {
		t.Errorf("the server settings are %+v", got)
	}
	if got := must(s.LDAPConfiguration(t.Context(), admin)); !reflect.DeepEqual(got, settings.LDAPConfiguration{}) {
		t.Errorf("the directory is %+v", got)
	}
	if got := must(s.SAMLConfiguration(t.Context(), admin)); !reflect.DeepEqual(got, settings.SAMLConfiguration{}) {
		t.Errorf("the identity provider is %+v", got)
	}
	if got := must(s.Preferences(t.Context(), admin)); got != (account.Preferences{Language: "en", ProfileID: 1}) {
		t.Errorf("the preferences are %+v", got)
	}
	if got := must(s.MailRoute(t.Context())); !got.Equal(account.MailRoute{Sender: "usher@localhost", SenderName: "Usher"}) {
		t.Errorf("mail leaves by %+v", got)
	}
}

func TestUpdateApplicationSettings(t *testing.T) {
	f := newFixture(t)
	s, admin := f.unfixed(), f.as(adminEmail)
	up := mailed()
	up.Port, up.Sender, up.DefaultRoleIDs = to(2525), ptr("post@example.org"), ptr([]int64{2, 1, 2})
	a := must(s.UpdateApplicationSettings(t.Context(), admin, up))
	if !a.Mail.PasswordSet || *a.Mail.Server != "mail.example.org" || !reflect.DeepEqual(a.DefaultRoleIDs, []int64{1, 2}) {
		t.Errorf("the settings are %+v", a)
	}
	if read := must(s.ApplicationSettings(t.Context(), admin)); !reflect.DeepEqual(read, a) {
		t.Errorf("read %+v, and the change answered %+v", read, a)
	}
	f.wantLast(account.ActionSettingsUpdate, "application-settings",
		`{"field":"smtpServerAddress","to":"mail.example.org"}`, `{"field":"smtpServerPort","to":2525}`,
		`{"field":"defaultRoleIds","from":[2],"to":[1,2]}`, `{"field":"smtpAccountPassword","to":"changed"}`)
	route := must(s.MailRoute(t.Context()))
	want := account.MailRoute{Sender: "post@example.org", SenderName: "Usher", Server: &account.MailServer{
		Host: "mail.example.org", Port: 2525, Security: account.MailStartTLS, Account: "usher", Password: secret.New(smtpPassword),
	}}
	if !route.Equal(want) {
		t.Errorf("mail leaves by %+v", route)
	}
	f.wantUnwritten(smtpPassword)
	before := len(f.activity())
	must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultProfileID: ptr(1)}))
	if len(f.activity()) != before {
		t.Error("an entry for a change of nothing")
	}
	created := must(s.CreateUsers(t.Context(), admin, []account.NewUser{newUser("new@example.org")}))
	if !reflect.DeepEqual(f.find(created[0].ID).RoleIDs, []int64{1, 2}) {
		t.Errorf("a new user has the roles %v", created[0].RoleIDs)
	}
}

func TestBadApplicationSettings(t *testing.T) {
	f := newFixture(t)
	s, admin := f.unfixed(), f.as(adminEmail)
	mail := func(up settings.MailUpdate) settings.ApplicationUpdate {
		return settings.ApplicationUpdate{MailUpdate: up}
	}
	for name, test := range map[string]struct {
		up   settings.ApplicationUpdate
		path string
	}{
		"self-registration":           {settings.ApplicationUpdate{UserRegistration: ptr(true)}, "/userRegistration"},
		"no default role":             {settings.ApplicationUpdate{DefaultRoleIDs: ptr([]int64{})}, "/defaultRoleIds"},
		"an unknown role":             {settings.ApplicationUpdate{DefaultRoleIDs: ptr([]int64{2, 99})}, "/defaultRoleIds/1"},
		"two ways of TLS":             {mail(settings.MailUpdate{TLS: ptr(true)}), "/tls"},
		"a URL":                       {mail(settings.MailUpdate{Server: to("smtp://mail")}), "/smtpServerAddress"},
		"a link-local server":         {mail(settings.MailUpdate{Server: to("169.254.169.254")}), "/smtpServerAddress"},
		"a link-local server in IPv6": {mail(settings.MailUpdate{Server: to("fe80::1")}), "/smtpServerAddress"},
		"a password in clear":         {mail(settings.MailUpdate{Server: to("mail.example.org"), StartTLS: ptr(false), Account: to("usher")}), "/smtpAccount"},
		"no sender":                   {mail(settings.MailUpdate{Sender: ptr("nobody")}), "/emailSender"},
		"two senders":                 {mail(settings.MailUpdate{Sender: ptr("a@example.org\r\nBcc: b@example.org")}), "/emailSender"},
		"no certificate":              {mail(settings.MailUpdate{InternalCertificate: to("rubbish")}), "/internalCertificate"},
		"a private key": {
			mail(settings.MailUpdate{InternalCertificate: to("-----BEGIN PRIVATE KEY-----\nMAo=\n-----END PRIVATE KEY-----\n")}), "/internalCertificate",
		},
		"the mask as a secret": {mail(settings.MailUpdate{Password: text(secret.Mask)}), "/smtpAccountPassword"},
	} {
		t.Run(name, func(t *testing.T) {
			up := test.up
			up.KeepActivity = ptr(false)
			_, err := s.UpdateApplicationSettings(t.Context(), admin, up)
			wantPaths(t, err, account.CodeInvalid, test.path)
			if !must(s.ApplicationSettings(t.Context(), admin)).KeepActivity {
				t.Error("a part of it was stored")
			}
		})
	}
}

// A stored password never follows a change of where it is sent.
func TestSecretBelongsToItsDestination(t *testing.T) {
	for name, up := range map[string]settings.MailUpdate{
		"server":                 {Server: to("mail.example.net")},
		"port":                   {Port: to(26)},
		"security":               {StartTLS: ptr(false), TLS: ptr(true)},
		"account":                {Account: to("other")},
		"server, with the mask":  {Server: to("mail.example.net"), Password: text(secret.Mask)},
		"nothing but the secret": {Password: cleared[secret.Text]()},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s, admin := f.unfixed(), f.as(adminEmail)
			must(s.UpdateApplicationSettings(t.Context(), admin, mailed()))
			for _, same := range []settings.MailUpdate{{Password: text(secret.Mask)}, {Server: to("mail.example.org")}, {Sender: ptr("a@example.org")}} {
				if a := must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{MailUpdate: same})); !a.Mail.PasswordSet {
					t.Fatal("the password is gone, and its destination is the same")
				}
			}
			if got := must(s.MailRoute(t.Context())).Server.Password.Reveal(); got != smtpPassword {
				t.Fatalf("the password is %q", got)
			}
			if a := must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{MailUpdate: up})); a.Mail.PasswordSet {
				t.Error("the password is still there")
			}
			if !must(s.MailRoute(t.Context())).Server.Password.Empty() {
				t.Error("the password goes along")
			}
			f.wantLast(account.ActionSettingsUpdate, "application-settings", `{"field":"smtpAccountPassword","to":"cleared"}`)
		})
	}
}

// A sealed secret opens under its own name and for its own destination alone.
func TestSealedSecretOpensInItsPlaceAlone(t *testing.T) {
	f := newFixture(t)
	s, admin := f.unfixed(), f.as(adminEmail)
	must(s.UpdateApplicationSettings(t.Context(), admin, mailed()))
	must(s.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{URL: to("ldaps://directory.example.org"), SearchUserPassword: text(ldapPassword)}))
	const smtpName, ldapName = "smtp-account-password", "ldap-search-user-password"
	own := must(f.store.under.SettingSecret(t.Context(), smtpName))
	save := func(sealed keyring.Sealed) {
		f.write(func(ctx context.Context, tx account.Tx) error { return tx.SaveSettingSecret(ctx, smtpName, sealed) })
	}
	save(must(f.store.under.SettingSecret(t.Context(), ldapName)))
	if _, err := s.MailRoute(t.Context()); err == nil {
		t.Error("a secret of another name opens")
	}
	save(own)
	if _, err := s.MailRoute(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.write(func(ctx context.Context, tx account.Tx) error { // past the rules
		settings := must(tx.Setting(ctx, "application"))
		return tx.SaveSetting(ctx, "application", strings.Replace(settings, "mail.example.org", "mail.example.net", 1))
	})
	if _, err := s.MailRoute(t.Context()); err == nil {
		t.Error("a secret opens for another destination")
	}
	f.wantUnwritten(smtpPassword, ldapPassword)
}

// Where mail goes is for administrators, and so is what follows from it.
func TestMailSettingsAreForAdministrators(t *testing.T) {
	f := newFixture(t)
	s := f.unfixed()
	id := f.role(
		access.Permission{Entity: access.EntityApplicationSettings, Action: access.ActionEdit, Scope: access.ScopeAll},
		access.Permission{Entity: access.EntityLDAPConfiguration, Action: access.ActionEdit, Scope: access.ScopeAll},
		access.Permission{Entity: access.EntitySAMLConfiguration, Action: access.ActionEdit, Scope: access.ScopeAll},
		access.Permission{Entity: access.EntityRole, Action: access.ActionRead, Scope: access.ScopeAll},
	)
	f.user("editor@example.org", id)
	editor := f.as("editor@example.org")
	for name, up := range map[string]settings.MailUpdate{
		"server": {Server: to("mail.example.org")}, "port": {Port: to(1)}, "account": {Account: to("a")}, "password": {Password: text("p")},
		"starttls": {StartTLS: ptr(true)}, "tls": {TLS: ptr(false)}, "sender": {Sender: ptr("a@example.org")}, "certificate": {InternalCertificate: cleared[string]()},
	} {
		if _, err := s.UpdateApplicationSettings(t.Context(), editor, settings.ApplicationUpdate{MailUpdate: up}); account.ErrorCode(err) != account.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, up := range []settings.ServerUpdate{{PublicURL: to("https://evil.example")}, {SenderName: ptr("x")}} {
		_, err := s.UpdateServerSettings(t.Context(), editor, up)
		wantCode(t, err, account.CodeForbidden)
	}
	_, err := s.SendTestMessage(t.Context(), editor)
	wantCode(t, err, account.CodeForbidden)
	_, err = s.UpdateLDAPConfiguration(t.Context(), editor, settings.LDAPUpdate{})
	wantCode(t, err, account.CodeForbidden)
	_, err = s.UpdateSAMLConfiguration(t.Context(), editor, settings.SAMLUpdate{})
	wantCode(t, err, account.CodeForbidden)
	_, err = s.RenewSAMLCertificate(t.Context(), editor)
	wantCode(t, err, account.CodeForbidden)

	must(s.UpdateApplicationSettings(t.Context(), editor, settings.ApplicationUpdate{ActivityDays: ptr(30)}))
	must(s.UpdateServerSettings(t.Context(), editor, settings.ServerUpdate{SessionIdle: ptr(time.Hour)}))
	_, err = s.UpdateApplicationSettings(t.Context(), editor, settings.ApplicationUpdate{DefaultRoleIDs: ptr([]int64{access.AdministratorRole, 2})})
	wantCode(t, err, account.CodeForbidden) // he does not cover it
	must(s.UpdateApplicationSettings(t.Context(), editor, settings.ApplicationUpdate{DefaultRoleIDs: ptr([]int64{id, 2})}))
}

// What the operator has fixed is shown, and cannot be changed.
func TestSetByOperator(t *testing.T) {
	f := newFixture(t)
	must(f.unfixed().UpdateApplicationSettings(t.Context(), f.as(adminEmail), settings.ApplicationUpdate{
		MailUpdate: settings.MailUpdate{Server: to("stored.example.org"), Sender: ptr("stored@example.org")},
	}))
	s := f.with(func(o *service.Options) {
		o.MailOverrides = settings.MailOverrides{
			Server: &account.MailServer{Host: "fixed.example.org", Security: account.MailTLS, Account: "usher", Password: secret.New(smtpPassword)},
			Sender: "fixed@example.org", SenderName: "Fixed",
		}
	})
	admin := f.as(adminEmail)
	a := must(s.ApplicationSettings(t.Context(), admin))
	m := a.Mail
	if *m.Server != "fixed.example.org" || m.Port != nil || !m.TLS || m.StartTLS || !m.PasswordSet || m.Sender != "fixed@example.org" {
		t.Errorf("the settings are %+v", m)
	}
	round := settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{
		Server: &m.Server, Port: &m.Port, Account: &m.Account, Password: text(secret.Mask), StartTLS: &m.StartTLS, TLS: &m.TLS,
		Sender: &m.Sender, InternalCertificate: &a.InternalCertificate,
	}}
	must(s.UpdateApplicationSettings(t.Context(), admin, round))
	_, err := s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{ActivityDays: ptr(1), MailUpdate: settings.MailUpdate{
		Server: cleared[string](), Port: to(25), Account: to("x"), Password: text("new"), StartTLS: ptr(true), TLS: ptr(false), Sender: ptr("x@example.org"),
	}})
	wantPaths(t, err, account.CodeSetByOperator,
		"/emailSender", "/smtpServerAddress", "/smtpServerPort", "/smtpAccount", "/smtpAccountPassword", "/smtpUseStartTLS", "/tls")
	_, err = s.UpdateServerSettings(t.Context(), admin, settings.ServerUpdate{PublicURL: to("https://other.example.org"), SenderName: ptr("Other")})
	wantPaths(t, err, account.CodeSetByOperator, "/publicUrl", "/emailSenderName")
	server := must(s.ServerSettings(t.Context(), admin))
	must(s.UpdateServerSettings(t.Context(), admin, settings.ServerUpdate{PublicURL: &server.PublicURL, SenderName: &server.SenderName}))

	route := must(s.MailRoute(t.Context()))
	if route.Server.Host != "fixed.example.org" || route.Server.Password.Reveal() != smtpPassword || route.Sender != "fixed@example.org" || route.SenderName != "Fixed" {
		t.Errorf("mail leaves by %+v", route)
	}
	stored := must(f.unfixed().ApplicationSettings(t.Context(), admin))
	if *stored.Mail.Server != "stored.example.org" || stored.Mail.Sender != "stored@example.org" || stored.ActivityDays != 365 {
		t.Errorf("what was stored is now %+v", stored)
	}
}

// The end of the activity log is its last entry, and its beginning the first.
func TestTurningTheActivityLogOffIsRecorded(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{KeepActivity: ptr(false)}))
	f.wantLast(account.ActionSettingsUpdate, "application-settings", `{"field":"keepAuditLog","from":true,"to":false}`)
	before := len(f.activity())
	must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{ActivityDays: ptr(10)}))
	if len(f.activity()) != before {
		t.Error("an entry although the log is off")
	}
	must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{KeepActivity: ptr(true)}))
	f.wantLast(account.ActionSettingsUpdate, "application-settings", `{"field":"keepAuditLog","from":false,"to":true}`)
}
