package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestServerSettings(t *testing.T) {
	f := newFixture(t)
	s, admin := f.unfixed(), f.as(adminEmail)
	for _, test := range []struct {
		up   settings.ServerUpdate
		path string
	}{
		{settings.ServerUpdate{PublicURL: to("https://accounts.example.org/base")}, "/publicUrl"},
		{settings.ServerUpdate{PublicURL: to("javascript:alert(1)")}, "/publicUrl"},
		{settings.ServerUpdate{SenderName: ptr("Usher\r\nBcc: x@example.org")}, "/emailSenderName"},
		{settings.ServerUpdate{SenderName: ptr(" ")}, "/emailSenderName"},
		{settings.ServerUpdate{SessionIdle: ptr(31 * 24 * time.Hour)}, "/sessionIdleMinutes"},
		{settings.ServerUpdate{SessionIdle: ptr(13 * time.Hour), SessionAbsolute: ptr(12 * time.Hour)}, "/sessionIdleMinutes"},
		{settings.ServerUpdate{SessionIdle: ptr(4 * time.Minute)}, "/sessionIdleMinutes"},
		{settings.ServerUpdate{SessionAbsolute: ptr(366 * 24 * time.Hour)}, "/sessionAbsoluteMinutes"},
		{settings.ServerUpdate{SessionAbsolute: ptr(time.Hour)}, "/sessionAbsoluteMinutes"},
	} {
		_, err := s.UpdateServerSettings(t.Context(), admin, test.up)
		wantPaths(t, err, account.CodeInvalid, test.path)
	}
	must(s.UpdateServerSettings(t.Context(), admin, settings.ServerUpdate{
		PublicURL: to("https://id.example.org"), SenderName: ptr("Accounts"), SessionIdle: ptr(time.Hour), SessionAbsolute: ptr(time.Hour),
	}))
	f.wantLast(account.ActionSettingsUpdate, "application-settingsserver",
		`{"field":"publicUrl","to":"https://id.example.org"}`, `{"field":"sessionIdleMinutes","from":720,"to":60}`)
	if route := must(s.MailRoute(t.Context())); route.Sender != "usher@id.example.org" || route.SenderName != "Accounts" {
		t.Errorf("mail leaves by %+v", route)
	}
}

// The public URL of links is the operator's, else that of the settings, else where
// this machine reaches the server.
func TestPublicURLOfLinks(t *testing.T) {
	f := newFixture(t)
	local := f.with(func(o *service.Options) {
		o.PublicURL, o.LocalURL = nil, o.PublicURL
		o.LocalURL.Host = "127.0.0.1:8080"
		o.LocalURL.Scheme, o.LocalURL.Path = "http", ""
	})
	linked := func(want string) {
		t.Helper()
		f.Service = local
		f.clock.advance(time.Hour) // there are few messages an hour
		f.ask(adminEmail)
		if d := f.claim(); !strings.Contains(d.Message.Text, "link "+want+"/reset-password?token=") {
			t.Errorf("the link is not to %s in %q", want, d.Message.Text)
		}
	}
	linked("http://127.0.0.1:8080")
	must(local.UpdateServerSettings(t.Context(), f.as(adminEmail), settings.ServerUpdate{PublicURL: to("https://id.example.org")}))
	linked("https://id.example.org")
	must(local.UpdateServerSettings(t.Context(), f.as(adminEmail), settings.ServerUpdate{PublicURL: cleared[string]()}))
	linked("http://127.0.0.1:8080")
}
