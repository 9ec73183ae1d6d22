package settings_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// withoutOverrides returns a service whose operator overrides no settings.
func withoutOverrides(f *servicetest.Fixture) *service.Service {
	return f.With(func(o *service.Options) { o.PublicURL = nil })
}

// setTo returns the value of an update's field that sets an optional setting to value.
func setTo[T any](value T) **T { return new(&value) }

// cleared returns the value of an update's field that clears an optional setting.
func cleared[T any]() **T { return new(*T) }

// setSecret returns the value of an update's field that sets a secret.
func setSecret(value string) **secret.Text { return setTo(secret.New(value)) }

// withMailServer returns an update that sets a mail server with an account and a password.
func withMailServer() settings.ApplicationUpdate {
	return settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{
		Server: setTo("mail.example.org"), Account: setTo("usher"), Password: setSecret(servicetest.SMTPPassword),
	}}
}

func TestDefaultSettings(t *testing.T) {
	f := servicetest.New(t)
	s, admin := withoutOverrides(f), f.Admin()
	a := servicetest.Must(s.ApplicationSettings(t.Context(), admin))
	want := account.ApplicationSettings{
		Mail:           account.MailSettings{StartTLS: true, Sender: "usher@localhost"},
		DefaultRoleIDs: []int64{2}, DefaultProfileID: 1, KeepActivity: true, ActivityDays: 365,
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("the settings are %+v", a)
	}
	server := servicetest.Must(s.ServerSettings(t.Context(), admin))
	wantServer := account.ServerSettings{
		SenderName: "Usher", SessionIdle: 12 * time.Hour, SessionAbsolute: 30 * 24 * time.Hour,
	}
	if server != wantServer {
		t.Errorf("the server settings are %+v", server)
	}
	ldap := servicetest.Must(s.LDAPConfiguration(t.Context(), admin))
	if !reflect.DeepEqual(ldap, settings.LDAPConfiguration{}) {
		t.Errorf("the LDAP configuration is %+v", ldap)
	}
	saml := servicetest.Must(s.SAMLConfiguration(t.Context(), admin))
	if !reflect.DeepEqual(saml, settings.SAMLConfiguration{}) {
		t.Errorf("the SAML configuration is %+v", saml)
	}
	preferences := servicetest.Must(s.Preferences(t.Context(), admin))
	if preferences != (account.Preferences{Language: "en", ProfileID: 1}) {
		t.Errorf("the preferences are %+v", preferences)
	}
	route := servicetest.Must(s.MailRoute(t.Context()))
	if !route.Equal(account.MailRoute{Sender: "usher@localhost", SenderName: "Usher"}) {
		t.Errorf("the mail route is %+v", route)
	}
}

func TestUpdateApplicationSettings(t *testing.T) {
	f := servicetest.New(t)
	s, admin := withoutOverrides(f), f.Admin()
	up := withMailServer()
	role := f.AddRole()
	up.Port, up.Sender, up.DefaultRoleIDs = setTo(2525), new("post@example.org"), new([]int64{role, 2, role})
	a := servicetest.Must(s.UpdateApplicationSettings(t.Context(), admin, up))
	roles := []int64{2, role}
	if !a.Mail.PasswordSet || *a.Mail.Server != "mail.example.org" || !reflect.DeepEqual(a.DefaultRoleIDs, roles) {
		t.Errorf("the settings are %+v", a)
	}
	if read := servicetest.Must(s.ApplicationSettings(t.Context(), admin)); !reflect.DeepEqual(read, a) {
		t.Errorf("read %+v, the update returned %+v", read, a)
	}
	f.WantLastActivity(account.ActionSettingsUpdate, "application-settings",
		`{"field":"smtpServerAddress","to":"mail.example.org"}`, `{"field":"smtpServerPort","to":2525}`,
		fmt.Sprintf(`{"field":"defaultRoleIds","from":[2],"to":[2,%d]}`, role),
		`{"field":"smtpAccountPassword","to":"changed"}`)
	route := servicetest.Must(s.MailRoute(t.Context()))
	want := account.MailRoute{Sender: "post@example.org", SenderName: "Usher", Server: &account.MailServer{
		Host: "mail.example.org", Port: 2525, Security: account.MailStartTLS, Account: "usher",
		Password: secret.New(servicetest.SMTPPassword),
	}}
	if !route.Equal(want) {
		t.Errorf("the mail route is %+v", route)
	}
	f.WantNotStored(servicetest.SMTPPassword)
	before := len(f.StoredActivity())
	servicetest.Must(s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultProfileID: new(1)}))
	if len(f.StoredActivity()) != before {
		t.Error("an update without a change is in the activity log")
	}
	created := servicetest.Must(s.CreateUsers(t.Context(), admin,
		[]account.NewUser{servicetest.NewUser("new@example.org")}))
	if !reflect.DeepEqual(f.StoredUser(created[0].ID).RoleIDs, roles) {
		t.Errorf("a new user has the roles %v", created[0].RoleIDs)
	}
}

func TestBadApplicationSettings(t *testing.T) {
	f := servicetest.New(t)
	s, admin := withoutOverrides(f), f.Admin()
	mail := func(up settings.MailUpdate) settings.ApplicationUpdate {
		return settings.ApplicationUpdate{MailUpdate: up}
	}
	for name, test := range map[string]struct {
		up   settings.ApplicationUpdate
		path string
	}{
		"self-registration":           {settings.ApplicationUpdate{UserRegistration: new(true)}, "/userRegistration"},
		"no default role":             {settings.ApplicationUpdate{DefaultRoleIDs: new([]int64{})}, "/defaultRoleIds"},
		"an unknown role":             {settings.ApplicationUpdate{DefaultRoleIDs: new([]int64{2, 99})}, "/defaultRoleIds/1"},
		"TLS and STARTTLS":            {mail(settings.MailUpdate{TLS: new(true)}), "/tls"},
		"a URL":                       {mail(settings.MailUpdate{Server: setTo("smtp://mail")}), "/smtpServerAddress"},
		"a link-local server":         {mail(settings.MailUpdate{Server: setTo("169.254.169.254")}), "/smtpServerAddress"},
		"a link-local server in IPv6": {mail(settings.MailUpdate{Server: setTo("fe80::1")}), "/smtpServerAddress"},
		"a password in plain text": {
			mail(settings.MailUpdate{
				Server: setTo("mail.example.org"), StartTLS: new(false), Account: setTo("usher"),
			}), "/smtpAccount",
		},
		"no sender": {mail(settings.MailUpdate{Sender: new("nobody")}), "/emailSender"},
		"two senders": {
			mail(settings.MailUpdate{Sender: new("a@example.org\r\nBcc: b@example.org")}), "/emailSender",
		},
		"invalid certificate": {
			mail(settings.MailUpdate{InternalCertificate: setTo("rubbish")}), "/internalCertificate",
		},
		"a private key": {
			mail(settings.MailUpdate{
				InternalCertificate: setTo("-----BEGIN PRIVATE KEY-----\nMAo=\n-----END PRIVATE KEY-----\n"),
			}), "/internalCertificate",
		},
		"the mask as a secret": {mail(settings.MailUpdate{Password: setSecret(secret.Mask)}), "/smtpAccountPassword"},
	} {
		t.Run(name, func(t *testing.T) {
			up := test.up
			up.KeepActivity = new(false)
			_, err := s.UpdateApplicationSettings(t.Context(), admin, up)
			servicetest.WantPaths(t, err, account.CodeInvalid, test.path)
			if !servicetest.Must(s.ApplicationSettings(t.Context(), admin)).KeepActivity {
				t.Error("a part of the update was stored")
			}
		})
	}
}

// A stored password is cleared when the server, port, security or account that it is sent to
// changes.
func TestSecretBelongsToItsDestination(t *testing.T) {
	for name, up := range map[string]settings.MailUpdate{
		"server":                {Server: setTo("mail.example.net")},
		"port":                  {Port: setTo(26)},
		"security":              {StartTLS: new(false), TLS: new(true)},
		"account":               {Account: setTo("other")},
		"server, with the mask": {Server: setTo("mail.example.net"), Password: setSecret(secret.Mask)},
		"secret only":           {Password: cleared[secret.Text]()},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			s, admin := withoutOverrides(f), f.Admin()
			servicetest.Must(s.UpdateApplicationSettings(t.Context(), admin, withMailServer()))
			update := func(up settings.MailUpdate) account.ApplicationSettings {
				t.Helper()
				a, err := s.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{MailUpdate: up})
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			for _, same := range []settings.MailUpdate{
				{Password: setSecret(secret.Mask)}, {Server: setTo("mail.example.org")}, {Sender: new("a@example.org")},
			} {
				if !update(same).Mail.PasswordSet {
					t.Fatal("the password was cleared although its destination is the same")
				}
			}
			if got := servicetest.Must(s.MailRoute(t.Context())).Server.Password.Reveal(); got != servicetest.SMTPPassword {
				t.Fatalf("the password is %q", got)
			}
			if update(up).Mail.PasswordSet {
				t.Error("PasswordSet is still set")
			}
			if !servicetest.Must(s.MailRoute(t.Context())).Server.Password.Empty() {
				t.Error("the mail route still has the password")
			}
			f.WantLastActivity(account.ActionSettingsUpdate, "application-settings",
				`{"field":"smtpAccountPassword","to":"cleared"}`)
		})
	}
}

// An encrypted secret can be decrypted only under its own name, and only for the server and
// account that it was stored for.
func TestSealedSecretOpensOnlyInItsPlace(t *testing.T) {
	f := servicetest.New(t)
	s, admin := withoutOverrides(f), f.Admin()
	servicetest.Must(s.UpdateApplicationSettings(t.Context(), admin, withMailServer()))
	servicetest.Must(s.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{
		URL: setTo("ldaps://directory.example.org"), SearchUserPassword: setSecret(servicetest.LDAPPassword),
	}))
	const smtpName, ldapName = "smtp-account-password", "ldap-search-user-password"
	own := servicetest.Must(f.Store.Inner.SettingSecret(t.Context(), smtpName))
	save := func(sealed keyring.Sealed) {
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SaveSettingSecret(ctx, smtpName, sealed) })
	}
	save(servicetest.Must(f.Store.Inner.SettingSecret(t.Context(), ldapName)))
	if _, err := s.MailRoute(t.Context()); err == nil {
		t.Error("the secret of another name opens")
	}
	save(own)
	if _, err := s.MailRoute(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error { // past the checks of package settings
		settings := servicetest.Must(tx.Setting(ctx, "application"))
		return tx.SaveSetting(ctx, "application", strings.Replace(settings, "mail.example.org", "mail.example.net", 1))
	})
	if _, err := s.MailRoute(t.Context()); err == nil {
		t.Error("the secret opens for another destination")
	}
	f.WantNotStored(servicetest.SMTPPassword, servicetest.LDAPPassword)
}

// Only administrators may change where mail is sent through, and the settings that depend on
// that.
func TestMailSettingsAreForAdministrators(t *testing.T) {
	f := servicetest.New(t)
	s := withoutOverrides(f)
	id := f.AddRole(servicetest.Permissions("application-settings:edit", "ldap-configuration:edit",
		"saml-configuration:edit", "role:read")...)
	f.AddUser("editor@example.org", id)
	editor := f.As("editor@example.org")
	for name, up := range map[string]settings.MailUpdate{
		"server":      {Server: setTo("mail.example.org")},
		"port":        {Port: setTo(1)},
		"account":     {Account: setTo("a")},
		"password":    {Password: setSecret("p")},
		"starttls":    {StartTLS: new(true)},
		"tls":         {TLS: new(false)},
		"sender":      {Sender: new("a@example.org")},
		"certificate": {InternalCertificate: cleared[string]()},
	} {
		_, err := s.UpdateApplicationSettings(t.Context(), editor, settings.ApplicationUpdate{MailUpdate: up})
		if account.ErrorCode(err) != account.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, up := range []settings.ServerUpdate{{PublicURL: setTo("https://evil.example")}, {SenderName: new("x")}} {
		_, err := s.UpdateServerSettings(t.Context(), editor, up)
		servicetest.WantCode(t, err, account.CodeForbidden)
	}
	_, err := s.SendTestMessage(t.Context(), editor)
	servicetest.WantCode(t, err, account.CodeForbidden)
	_, err = s.UpdateLDAPConfiguration(t.Context(), editor, settings.LDAPUpdate{})
	servicetest.WantCode(t, err, account.CodeForbidden)
	_, err = s.UpdateSAMLConfiguration(t.Context(), editor, settings.SAMLUpdate{})
	servicetest.WantCode(t, err, account.CodeForbidden)
	_, err = s.RenewSAMLCertificate(t.Context(), editor)
	servicetest.WantCode(t, err, account.CodeForbidden)

	servicetest.Must(s.UpdateApplicationSettings(t.Context(), editor, settings.ApplicationUpdate{ActivityDays: new(30)}))
	servicetest.Must(s.UpdateServerSettings(t.Context(), editor, settings.ServerUpdate{SessionIdle: new(time.Hour)}))
	_, err = s.UpdateApplicationSettings(t.Context(), editor,
		settings.ApplicationUpdate{DefaultRoleIDs: new([]int64{access.AdministratorRole, 2})})
	servicetest.WantCode(t, err, account.CodeForbidden) // the editor lacks permissions of the role
	servicetest.Must(s.UpdateApplicationSettings(t.Context(), editor,
		settings.ApplicationUpdate{DefaultRoleIDs: new([]int64{id, 2})}))
}

// Reads return the operator's overrides. Updates can't change them.
func TestOperatorOverrides(t *testing.T) {
	f := servicetest.New(t)
	servicetest.Must(withoutOverrides(f).UpdateApplicationSettings(t.Context(), f.Admin(), settings.ApplicationUpdate{
		MailUpdate: settings.MailUpdate{Server: setTo("stored.example.org"), Sender: new("stored@example.org")},
	}))
	s := f.With(func(o *service.Options) {
		o.MailOverrides = settings.MailOverrides{
			Server: &account.MailServer{
				Host: "override.example.org", Security: account.MailTLS, Account: "usher",
				Password: secret.New(servicetest.SMTPPassword),
			},
			Sender: "override@example.org", SenderName: "Override",
		}
	})
	admin := f.Admin()
	a := servicetest.Must(s.ApplicationSettings(t.Context(), admin))
	m := a.Mail
	if *m.Server != "override.example.org" || m.Port != nil || !m.TLS || m.StartTLS || !m.PasswordSet ||
		m.Sender != "override@example.org" {
		t.Errorf("the settings are %+v", m)
	}
	unchanged := settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{
		Server: &m.Server, Port: &m.Port, Account: &m.Account, Password: setSecret(secret.Mask), StartTLS: &m.StartTLS,
		TLS: &m.TLS, Sender: &m.Sender, InternalCertificate: &a.InternalCertificate,
	}}
	servicetest.Must(s.UpdateApplicationSettings(t.Context(), admin, unchanged))
	changed := settings.ApplicationUpdate{ActivityDays: new(1), MailUpdate: settings.MailUpdate{
		Server: cleared[string](), Port: setTo(25), Account: setTo("x"), Password: setSecret("new"), StartTLS: new(true),
		TLS: new(false), Sender: new("x@example.org"),
	}}
	_, err := s.UpdateApplicationSettings(t.Context(), admin, changed)
	servicetest.WantPaths(t, err, account.CodeSetByOperator,
		"/emailSender", "/smtpServerAddress", "/smtpServerPort", "/smtpAccount", "/smtpAccountPassword",
		"/smtpUseStartTLS", "/tls")
	_, err = s.UpdateServerSettings(t.Context(), admin,
		settings.ServerUpdate{PublicURL: setTo("https://other.example.org"), SenderName: new("Other")})
	servicetest.WantPaths(t, err, account.CodeSetByOperator, "/publicUrl", "/emailSenderName")
	server := servicetest.Must(s.ServerSettings(t.Context(), admin))
	servicetest.Must(s.UpdateServerSettings(t.Context(), admin,
		settings.ServerUpdate{PublicURL: &server.PublicURL, SenderName: &server.SenderName}))

	route := servicetest.Must(s.MailRoute(t.Context()))
	if route.Server.Host != "override.example.org" || route.Server.Password.Reveal() != servicetest.SMTPPassword ||
		route.Sender != "override@example.org" || route.SenderName != "Override" {
		t.Errorf("the mail route is %+v", route)
	}
	stored := servicetest.Must(withoutOverrides(f).ApplicationSettings(t.Context(), admin))
	if *stored.Mail.Server != "stored.example.org" || stored.Mail.Sender != "stored@example.org" ||
		stored.ActivityDays != 365 {
		t.Errorf("the stored settings are now %+v", stored)
	}
}

// The change that turns the activity log off is its last entry. The change that turns the log on
// is the next one.
func TestTurningTheActivityLogOffIsRecorded(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	servicetest.Must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{KeepActivity: new(false)}))
	f.WantLastActivity(account.ActionSettingsUpdate, "application-settings",
		`{"field":"keepAuditLog","from":true,"to":false}`)
	before := len(f.StoredActivity())
	servicetest.Must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{ActivityDays: new(10)}))
	if len(f.StoredActivity()) != before {
		t.Error("there is a new entry although the log is off")
	}
	servicetest.Must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{KeepActivity: new(true)}))
	f.WantLastActivity(account.ActionSettingsUpdate, "application-settings",
		`{"field":"keepAuditLog","from":false,"to":true}`)
}
