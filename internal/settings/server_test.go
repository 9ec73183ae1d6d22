package settings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestServerSettings(t *testing.T) {
	f := servicetest.New(t)
	s, admin := withoutOverrides(f), f.Admin()
	for _, test := range []struct {
		up   settings.ServerUpdate
		path string
	}{
		{settings.ServerUpdate{PublicURL: setTo("https://accounts.example.org/base")}, "/publicUrl"},
		{settings.ServerUpdate{PublicURL: setTo("javascript:alert(1)")}, "/publicUrl"},
		{settings.ServerUpdate{SenderName: new("Usher\r\nBcc: x@example.org")}, "/emailSenderName"},
		{settings.ServerUpdate{SenderName: new(" ")}, "/emailSenderName"},
		{settings.ServerUpdate{SessionIdle: new(31 * 24 * time.Hour)}, "/sessionIdleMinutes"},
		{settings.ServerUpdate{SessionIdle: new(13 * time.Hour), SessionAbsolute: new(12 * time.Hour)},
			"/sessionIdleMinutes"},
		{settings.ServerUpdate{SessionIdle: new(4 * time.Minute)}, "/sessionIdleMinutes"},
		{settings.ServerUpdate{SessionAbsolute: new(366 * 24 * time.Hour)}, "/sessionAbsoluteMinutes"},
		{settings.ServerUpdate{SessionAbsolute: new(time.Hour)}, "/sessionAbsoluteMinutes"},
	} {
		_, err := s.UpdateServerSettings(t.Context(), admin, test.up)
		servicetest.WantPaths(t, err, account.CodeInvalid, test.path)
	}
	servicetest.Must(s.UpdateServerSettings(t.Context(), admin, settings.ServerUpdate{
		PublicURL: setTo("https://id.example.org"), SenderName: new("Accounts"), SessionIdle: new(time.Hour),
		SessionAbsolute: new(time.Hour),
	}))
	f.WantLastActivity(account.ActionSettingsUpdate, "application-settingsserver",
		`{"field":"publicUrl","to":"https://id.example.org"}`, `{"field":"sessionIdleMinutes","from":720,"to":60}`)
	route := servicetest.Must(s.MailRoute(t.Context()))
	if route.Sender != "usher@id.example.org" || route.SenderName != "Accounts" {
		t.Errorf("the mail route is %+v", route)
	}
}

// Links in mails begin with the operator's public URL, or else with that of the settings, or
// else with the URL at which this machine reaches the server.
func TestPublicURLOfLinks(t *testing.T) {
	f := servicetest.New(t)
	local := f.With(func(o *service.Options) {
		o.PublicURL, o.LocalURL = nil, o.PublicURL
		o.LocalURL.Host = "127.0.0.1:8080"
		o.LocalURL.Scheme, o.LocalURL.Path = "http", ""
	})
	wantLink := func(want string) {
		t.Helper()
		f.Service = local
		f.Clock.Advance(time.Hour) // because the number of messages per hour is limited
		f.RequestRecovery(servicetest.AdminEmail)
		if d := f.ClaimNext(); !strings.Contains(d.Message.Text, "link "+want+"/reset-password?token=") {
			t.Errorf("the message is %q, want a link to %s", d.Message.Text, want)
		}
	}
	wantLink("http://127.0.0.1:8080")
	servicetest.Must(local.UpdateServerSettings(t.Context(), f.Admin(),
		settings.ServerUpdate{PublicURL: setTo("https://id.example.org")}))
	wantLink("https://id.example.org")
	servicetest.Must(local.UpdateServerSettings(t.Context(), f.Admin(),
		settings.ServerUpdate{PublicURL: cleared[string]()}))
	wantLink("http://127.0.0.1:8080")
}
