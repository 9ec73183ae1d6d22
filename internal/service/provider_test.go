package service_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestLDAPConfiguration(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	groups := func(groups ...account.AllowedGroup) settings.LDAPUpdate {
		return settings.LDAPUpdate{AllowedGroups: &groups}
	}
	for _, test := range []struct {
		up   settings.LDAPUpdate
		path string
	}{
		{settings.LDAPUpdate{Enabled: ptr(true)}, "/url"},
		{settings.LDAPUpdate{URL: to("https://directory.example.org")}, "/url"},
		{settings.LDAPUpdate{URL: to("ldap://")}, "/url"},
		{settings.LDAPUpdate{URL: to("ldap://u:p@directory.example.org")}, "/url"},
		{settings.LDAPUpdate{URL: to("ldap://169.254.169.254")}, "/url"},
		{settings.LDAPUpdate{URL: to("ldap://[fe80::1]:389")}, "/url"},
		{settings.LDAPUpdate{SearchUserPassword: text(secret.Mask)}, "/searchUserPassword"},
		{groups(account.AllowedGroup{Name: "staff"}), "/allowedGroups/0/defaultRoleIds"},
		{groups(account.AllowedGroup{Name: "staff", DefaultRoleIDs: []int64{2, 99}}), "/allowedGroups/0/defaultRoleIds/1"},
		{groups(account.AllowedGroup{Name: "staff", DefaultRoleIDs: []int64{99, 2}}), "/allowedGroups/0/defaultRoleIds/0"},
		{groups(account.AllowedGroup{Name: "a", DefaultRoleIDs: []int64{2}}, account.AllowedGroup{Name: "a", DefaultRoleIDs: []int64{2}}), "/allowedGroups/1/name"},
	} {
		_, err := f.UpdateLDAPConfiguration(t.Context(), admin, test.up)
		wantPaths(t, err, account.CodeInvalid, test.path)
	}
	up := groups(account.AllowedGroup{Name: "staff", DefaultRoleIDs: []int64{2, 1}, DefaultProfileID: 1})
	up.Enabled, up.URL, up.SearchUserDN, up.SearchUserPassword = ptr(true), to("ldaps://directory.example.org:636"), to("cn=usher"), text(ldapPassword)
	got := must(f.UpdateLDAPConfiguration(t.Context(), admin, up))
	if !got.Enabled || !got.PasswordSet || !reflect.DeepEqual(got.AllowedGroups[0].DefaultRoleIDs, []int64{1, 2}) {
		t.Errorf("the configuration is %+v", got)
	}
	if read := must(f.LDAPConfiguration(t.Context(), admin)); !reflect.DeepEqual(read, got) {
		t.Errorf("read %+v", read)
	}
	f.wantLast(account.ActionSettingsUpdate, "ldap-configuration", `"searchUserPassword","to":"changed"`, `"to":["staff: roles [1 2], profile 1"]`)
	f.wantUnwritten(ldapPassword)
	for _, moved := range []settings.LDAPUpdate{{SearchUserDN: to("cn=other")}, {URL: to("ldaps://other.example.org"), SearchUserPassword: text(secret.Mask)}} {
		must(f.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{SearchUserPassword: text(ldapPassword)}))
		if must(f.UpdateLDAPConfiguration(t.Context(), admin, moved)).PasswordSet {
			t.Error("the password goes along to another directory or account")
		}
		f.wantLast(account.ActionSettingsUpdate, "ldap-configuration", `"searchUserPassword","to":"cleared"`)
	}
}

func TestSAMLConfiguration(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	for _, test := range []struct {
		up    settings.SAMLUpdate
		paths []string
	}{
		{settings.SAMLUpdate{Enabled: ptr(true)}, []string{"/providerLoginUrl", "/signatureCertificate"}},
		{settings.SAMLUpdate{ProviderLoginURL: to("javascript:alert(1)")}, []string{"/providerLoginUrl"}},
		{settings.SAMLUpdate{SignatureCertificate: to("rubbish")}, []string{"/signatureCertificate"}},
	} {
		_, err := f.UpdateSAMLConfiguration(t.Context(), admin, test.up)
		wantPaths(t, err, account.CodeInvalid, test.paths...)
	}
	certificate := must(f.RenewSAMLCertificate(t.Context(), admin))
	f.wantLast(account.ActionSettingsRenew, "saml-configuration", `"encryptionCertificate"`)
	block, rest := pem.Decode([]byte(certificate))
	if block == nil || len(rest) > 0 {
		t.Fatalf("the certificate is %q", certificate)
	}
	parsed := must(x509.ParseCertificate(block.Bytes))
	public, isRSA := parsed.PublicKey.(*rsa.PublicKey)
	if !isRSA || public.N.BitLen() != 2048 || parsed.Subject.CommonName != "accounts.example.org" || !parsed.NotAfter.Equal(f.clock.Now().AddDate(0, 0, 3*365)) {
		t.Errorf("the certificate is for %v until %v", parsed.Subject, parsed.NotAfter)
	}
	f.wantUnwritten("PRIVATE KEY")

	got := must(f.UpdateSAMLConfiguration(t.Context(), admin, settings.SAMLUpdate{
		Enabled: ptr(true), ProviderLoginURL: to("https://provider.example.org/saml"), SignatureCertificate: to(certificate),
	}))
	if !got.Enabled || *got.EncryptionCertificate != certificate || *got.ServiceProviderURL != "https://accounts.example.org" ||
		!strings.HasPrefix(*got.AssertEndpoint, "https://accounts.example.org/") || !strings.HasSuffix(*got.AssertEndpoint, "/auth-service/providers/saml/assert") {
		t.Errorf("the configuration is %+v", got)
	}
	if again := must(f.RenewSAMLCertificate(t.Context(), admin)); again == certificate {
		t.Error("the certificate is the same")
	}
}

// A role that a group of a directory or an identity provider gives is in use, and
// is replaced there too.
func TestGroupsUseRoles(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	old, other := f.role(), f.role()
	groups := []account.AllowedGroup{{Name: "staff", DefaultRoleIDs: []int64{2, old}}}
	must(f.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{AllowedGroups: &groups}))
	wantCode(t, f.DeleteRole(t.Context(), admin, old, 0), account.CodeRoleInUse)
	must(f.UpdateSAMLConfiguration(t.Context(), admin, settings.SAMLUpdate{AllowedGroups: &groups}))
	if err := f.DeleteRole(t.Context(), admin, old, other); err != nil {
		t.Fatal(err)
	}
	ldap, saml := must(f.LDAPConfiguration(t.Context(), admin)), must(f.SAMLConfiguration(t.Context(), admin))
	for _, got := range [][]account.AllowedGroup{ldap.AllowedGroups, saml.AllowedGroups} {
		if len(got) != 1 || !reflect.DeepEqual(got[0].DefaultRoleIDs, []int64{2, other}) {
			t.Errorf("the groups are %+v", got)
		}
	}
}

func TestTestMessage(t *testing.T) {
	f := newFixture(t)
	post := &courier{}
	s := f.with(func(o *service.Options) { o.TestSender = post })
	f.user("second@example.org", 1)
	admin, second := f.as(adminEmail), f.as("second@example.org")
	for range 5 {
		got, err := s.SendTestMessage(t.Context(), admin)
		if err != nil || got != (outbox.TestDelivery{Recipient: adminEmail}) {
			t.Fatalf("the delivery is %+v, %v", got, err)
		}
	}
	_, err := s.SendTestMessage(t.Context(), admin)
	wantCode(t, err, account.CodeTooManyRequests)
	if m := post.sent[0]; len(post.sent) != 5 || m.To != adminEmail || m.Subject == "" || m.ID == "" || m.ID == post.sent[1].ID {
		t.Errorf("%d messages, the first is %+v", len(post.sent), m)
	}
	if len(must(f.store.under.Mails(t.Context(), 9))) > 0 {
		t.Error("a test message is in the outbox")
	}
	f.wantLast(account.ActionSettingsTest, "application-settings")
	post.cause = "could not connect"
	if got := must(s.SendTestMessage(t.Context(), second)); got != (outbox.TestDelivery{Recipient: "second@example.org", Cause: "could not connect"}) {
		t.Errorf("the delivery is %+v", got)
	}
	f.write(func(ctx context.Context, tx account.Tx) error { // an unlock does not give more
		return tx.DeleteThrottlesOf(ctx, "u:1|")
	})
	_, err = s.SendTestMessage(t.Context(), admin)
	wantCode(t, err, account.CodeTooManyRequests)
	f.clock.advance(60 * 60e9)
	must(s.SendTestMessage(t.Context(), f.as(adminEmail)))
}
