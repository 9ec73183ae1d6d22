package auth_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A session token is valid only in the channel that issued it. An API key is not valid in the
// console.
func TestChannels(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	from := map[string]account.Origin{
		"api":     {ClientNetwork: servicetest.Home},
		"console": {ClientNetwork: servicetest.Home, Channel: account.ChannelConsole},
	}
	tokens := map[string]secret.Text{"key": f.NewContractKey(f.Admin())}
	for name, origin := range from {
		in, err := f.SignIn(t.Context(), servicetest.AdminEmail, secret.New(servicetest.Password), origin)
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = in.Token
	}
	tests := []struct {
		token, by string
		good      bool
	}{
		{"api", "api", true},
		{"api", "console", false},
		{"console", "console", true},
		{"console", "api", false},
		{"key", "api", true},
		{"key", "console", false},
	}
	for range 2 { // first from the database, then from the cache
		for _, test := range tests {
			_, err := f.Authenticate(t.Context(), tokens[test.token], from[test.by])
			if good := err == nil; good != test.good {
				t.Errorf("the %s token on the channel %s: %v", test.token, test.by, err)
			}
		}
	}
}

// RenewSession replaces the token of a session. No node accepts the old token afterwards.
func TestRenewSession(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	other := newNode(f)
	origin := account.Origin{ClientNetwork: servicetest.Home, Channel: account.ChannelConsole}
	in, err := f.SignIn(t.Context(), servicetest.AdminEmail, secret.New(servicetest.Password), origin)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := f.Authenticate(t.Context(), in.Token, origin)
	if err != nil {
		t.Fatal(err)
	}
	pollInvalidations(f, other)
	if _, err := other.Authenticate(t.Context(), in.Token, origin); err != nil {
		t.Fatal(err)
	}
	renewed, err := f.RenewSession(t.Context(), caller, in.Token)
	if err != nil {
		t.Fatal(err)
	}
	pollInvalidations(f, other)
	for name, s := range map[string]*service.Service{"this node": f.Service, "another node": other} {
		_, err := s.Authenticate(t.Context(), in.Token, origin)
		servicetest.WantCode(t, err, account.CodeUnauthorized)
		p, err := s.Authenticate(t.Context(), renewed, origin)
		if err != nil || p.Session.ID != caller.Session.ID {
			t.Errorf("%s: authenticate by the new token: %v", name, err)
		}
	}
	f.WantNotStored(renewed.Reveal())

	// The old token can't renew the session again, even with a principal that was loaded before
	// the renewal.
	_, err = f.RenewSession(t.Context(), caller, in.Token)
	servicetest.WantCode(t, err, account.CodeUnauthorized)
	if err := f.SignOut(t.Context(), caller); err != nil {
		t.Fatal(err)
	}
	_, err = f.RenewSession(t.Context(), caller, renewed)
	servicetest.WantCode(t, err, account.CodeUnauthorized)
	key := f.NewContractKey(f.Admin())
	_, err = f.RenewSession(t.Context(), f.PrincipalBy(key), key)
	servicetest.WantCode(t, err, account.CodeUnauthorized)
}

// No device name makes a sign-in fail. The name is stored only after the password was found
// correct, so such a failure would show that the password is correct.
func TestDeviceNameDoesNotMatter(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	for _, device := range []string{"\xff", "a\x00b", strings.Repeat("é", 300)} {
		from := account.Origin{ClientNetwork: servicetest.Home, Device: device}
		in, err := f.SignIn(t.Context(), servicetest.AdminEmail, secret.New(servicetest.Password), from)
		if err != nil {
			t.Fatalf("sign in from device %q: %v", device, err)
		}
		p, err := f.Authenticate(t.Context(), in.Token, from)
		if err != nil || !utf8.ValidString(p.Session.Device) || strings.ContainsRune(p.Session.Device, 0) {
			t.Errorf("%q is stored as %q, %v", device, p.Session.Device, err)
		}
	}
}
