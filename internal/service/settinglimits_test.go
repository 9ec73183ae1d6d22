package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// The rules keep the limits of the contract themselves: forms of the console have no
// schema before them.
func TestLimitsOfSettings(t *testing.T) {
	f := newFixture(t)
	s, admin := f.unfixed(), f.as(adminEmail)
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
		"/logRetentionPeriod":     application(settings.ApplicationUpdate{ActivityDays: ptr(0)}),
		"/smtpServerPort":         mail(settings.MailUpdate{Port: to(65536)}),
		"/smtpAccountPassword":    mail(settings.MailUpdate{Password: to(secret.New(long))}),
		"/searchUserDN":           ldap(settings.LDAPUpdate{SearchUserDN: to(long)}),
		"/searchUserPassword":     ldap(settings.LDAPUpdate{SearchUserPassword: to(secret.New(long))}),
		"/allowedGroups/0/name":   ldap(settings.LDAPUpdate{AllowedGroups: &[]account.AllowedGroup{{Name: long, DefaultRoleIDs: []int64{1}}}}),
		"/failedAttemptThreshold": lockout(settings.LockoutUpdate{Threshold: ptr(51)}),
		"/failedAttemptPeriod":    lockout(settings.LockoutUpdate{Period: ptr(-time.Second)}),
		"/lockoutDuration":        lockout(settings.LockoutUpdate{Duration: ptr(366 * 24 * time.Hour)}),
	} {
		wantPaths(t, err, account.CodeInvalid, path)
	}
	many := make([]int64, 101)
	for i := range many {
		many[i] = 1
	}
	wantPaths(t, application(settings.ApplicationUpdate{DefaultRoleIDs: &many}), account.CodeInvalid, "/defaultRoleIds")
	wantPaths(t, ldap(settings.LDAPUpdate{AllowedGroups: &[]account.AllowedGroup{{Name: "g", DefaultRoleIDs: many}}}), account.CodeInvalid, "/allowedGroups/0/defaultRoleIds")
	_, err := s.UpdateSAMLConfiguration(t.Context(), admin, settings.SAMLUpdate{ProviderLoginURL: to("https://p.example/" + strings.Repeat("x", 2048))})
	wantPaths(t, err, account.CodeInvalid, "/providerLoginUrl")
}
