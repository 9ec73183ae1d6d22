package auth_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// The limit of client networks doesn't apply to an exempt one. The limit of each account does.
func TestExemptNetwork(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	s := f.With(func(o *service.Options) {
		o.ExemptNetworks = []netip.Prefix{
			netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/48"),
		}
	})
	signIn := func(email, password, network string) error {
		_, err := s.SignIn(t.Context(), email, secret.New(password), from(network))
		return err
	}
	for network, exempt := range map[string]bool{
		"198.51.100.7": true, "2001:db8:0:1::/64": true,
		"198.51.101.7": false, "2001:db8:1::/64": false, "unknown": false,
	} {
		for i := range 20 {
			err := signIn(fmt.Sprintf("nobody%d@example.org", i), servicetest.Password, network)
			servicetest.WantCode(t, err, account.CodeInvalidCredentials)
		}
		want := account.CodeTooManyRequests
		if exempt {
			want = ""
		}
		servicetest.WantCode(t, signIn(servicetest.AdminEmail, servicetest.Password, network), want)
	}
	for range 3 {
		err := signIn("ann@example.org", servicetest.WrongPassword, "198.51.100.8")
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	}
	err := signIn("ann@example.org", servicetest.Password, "198.51.100.8")
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
}
