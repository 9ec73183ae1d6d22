package settings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Package settings checks the limits of the contract itself, because no schema validates the
// forms of the console.
func TestLimitsOfSettings(t *testing.T) {
	f := servicetest.New(t)
	s, admin := withoutOverrides(f), f.Admin()
	long := strings.Repeat("x", 1025)
	application := func(up settings.ApplicationUpdate) error {
		_, err := s.UpdateApplicationSettings(t.Context(), admin, up)
		return err
	}
	mail := func(up settings.MailUpdate) error { return application(settings.ApplicationUpdate{MailUpdate: up}) }
	ldap := func(up settings.LDAPUpdate) error {
		_, err := s.UpdateLDAPConfiguration(t.Context(), admin, up)
		return err
	}
	lockout := func(up settings.LockoutUpdate) error { return s.UpdateLockoutPolicy(t.Context(), admin, up) }
	for path, err := range map[string]error{
		"/logRetentionPeriod":  application(settings.ApplicationUpdate{ActivityDays: new(0)}),
		"/smtpServerPort":      mail(settings.MailUpdate{Port: setTo(65536)}),
		"/smtpAccountPassword": mail(settings.MailUpdate{Password: setTo(secret.New(long))}),
		"/searchUserDN":        ldap(settings.LDAPUpdate{SearchUserDN: setTo(long)}),
		"/searchUserPassword":  ldap(settings.LDAPUpdate{SearchUserPassword: setTo(secret.New(long))}),
		"/allowedGroups/0/name": ldap(settings.LDAPUpdate{
			AllowedGroups: &[]account.AllowedGroup{{Name: long, DefaultRoleIDs: []int64{1}}},
		}),
		"/failedAttemptThreshold": lockout(settings.LockoutUpdate{Threshold: new(51)}),
		"/failedAttemptPeriod":    lockout(settings.LockoutUpdate{Period: new(-time.Second)}),
		"/lockoutDuration":        lockout(settings.LockoutUpdate{Duration: new(366 * 24 * time.Hour)}),
	} {
		servicetest.WantPaths(t, err, account.CodeInvalid, path)
	}
	many := make([]int64, 101)
	for i := range many {
		many[i] = 1
	}
	err := application(settings.ApplicationUpdate{DefaultRoleIDs: &many})
	servicetest.WantPaths(t, err, account.CodeInvalid, "/defaultRoleIds")
	err = ldap(settings.LDAPUpdate{AllowedGroups: &[]account.AllowedGroup{{Name: "g", DefaultRoleIDs: many}}})
	servicetest.WantPaths(t, err, account.CodeInvalid, "/allowedGroups/0/defaultRoleIds")
	_, err = s.UpdateSAMLConfiguration(t.Context(), admin,
		settings.SAMLUpdate{ProviderLoginURL: setTo("https://p.example/" + strings.Repeat("x", 2048))})
	servicetest.WantPaths(t, err, account.CodeInvalid, "/providerLoginUrl")
}
