package settings_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestLDAPConfiguration(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	groups := func(groups ...account.AllowedGroup) settings.LDAPUpdate {
		return settings.LDAPUpdate{AllowedGroups: &groups}
	}
	for _, test := range []struct {
		up   settings.LDAPUpdate
		path string
	}{
		{settings.LDAPUpdate{Enabled: new(true)}, "/url"},
		{settings.LDAPUpdate{URL: setTo("https://directory.example.org")}, "/url"},
		{settings.LDAPUpdate{URL: setTo("ldap://")}, "/url"},
		{settings.LDAPUpdate{URL: setTo("ldap://u:p@directory.example.org")}, "/url"},
		{settings.LDAPUpdate{URL: setTo("ldap://169.254.169.254")}, "/url"},
		{settings.LDAPUpdate{URL: setTo("ldap://[fe80::1]:389")}, "/url"},
		{settings.LDAPUpdate{SearchUserPassword: setSecret(secret.Mask)}, "/searchUserPassword"},
		{groups(account.AllowedGroup{Name: "staff"}), "/allowedGroups/0/defaultRoleIds"},
		{groups(account.AllowedGroup{Name: "staff", DefaultRoleIDs: []int64{2, 99}}), "/allowedGroups/0/defaultRoleIds/1"},
		{groups(account.AllowedGroup{Name: "staff", DefaultRoleIDs: []int64{99, 2}}), "/allowedGroups/0/defaultRoleIds/0"},
		{groups(account.AllowedGroup{Name: "a", DefaultRoleIDs: []int64{2}},
			account.AllowedGroup{Name: "a", DefaultRoleIDs: []int64{2}}), "/allowedGroups/1/name"},
	} {
		_, err := f.UpdateLDAPConfiguration(t.Context(), admin, test.up)
		servicetest.WantPaths(t, err, account.CodeInvalid, test.path)
	}
	role := f.AddRole()
	up := groups(account.AllowedGroup{Name: "staff", DefaultRoleIDs: []int64{role, 2}, DefaultProfileID: 1})
	up.Enabled, up.URL = new(true), setTo("ldaps://directory.example.org:636")
	up.SearchUserDN, up.SearchUserPassword = setTo("cn=usher"), setSecret(servicetest.LDAPPassword)
	got := servicetest.Must(f.UpdateLDAPConfiguration(t.Context(), admin, up))
	if !got.Enabled || !got.PasswordSet || !reflect.DeepEqual(got.AllowedGroups[0].DefaultRoleIDs, []int64{2, role}) {
		t.Errorf("the configuration is %+v", got)
	}
	if read := servicetest.Must(f.LDAPConfiguration(t.Context(), admin)); !reflect.DeepEqual(read, got) {
		t.Errorf("read %+v", read)
	}
	f.WantLastActivity(account.ActionSettingsUpdate, "ldap-configuration", `"searchUserPassword","to":"changed"`,
		fmt.Sprintf(`"to":["staff: roles [2 %d], profile 1"]`, role))
	f.WantNotStored(servicetest.LDAPPassword)
	for _, moved := range []settings.LDAPUpdate{
		{SearchUserDN: setTo("cn=other")},
		{URL: setTo("ldaps://other.example.org"), SearchUserPassword: setSecret(secret.Mask)},
	} {
		servicetest.Must(f.UpdateLDAPConfiguration(t.Context(), admin,
			settings.LDAPUpdate{SearchUserPassword: setSecret(servicetest.LDAPPassword)}))
		if servicetest.Must(f.UpdateLDAPConfiguration(t.Context(), admin, moved)).PasswordSet {
			t.Error("the password is kept for another directory or account")
		}
		f.WantLastActivity(account.ActionSettingsUpdate, "ldap-configuration", `"searchUserPassword","to":"cleared"`)
	}
}

func TestSAMLConfiguration(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	for _, test := range []struct {
		up    settings.SAMLUpdate
		paths []string
	}{
		{settings.SAMLUpdate{Enabled: new(true)}, []string{"/providerLoginUrl", "/signatureCertificate"}},
		{settings.SAMLUpdate{ProviderLoginURL: setTo("javascript:alert(1)")}, []string{"/providerLoginUrl"}},
		{settings.SAMLUpdate{SignatureCertificate: setTo("rubbish")}, []string{"/signatureCertificate"}},
	} {
		_, err := f.UpdateSAMLConfiguration(t.Context(), admin, test.up)
		servicetest.WantPaths(t, err, account.CodeInvalid, test.paths...)
	}
	certificate := servicetest.Must(f.RenewSAMLCertificate(t.Context(), admin))
	f.WantLastActivity(account.ActionSettingsRenew, "saml-configuration", `"encryptionCertificate"`)
	block, rest := pem.Decode([]byte(certificate))
	if block == nil || len(rest) > 0 {
		t.Fatalf("the certificate is %q", certificate)
	}
	parsed := servicetest.Must(x509.ParseCertificate(block.Bytes))
	public, isRSA := parsed.PublicKey.(*rsa.PublicKey)
	if !isRSA || public.N.BitLen() != 2048 || parsed.Subject.CommonName != "accounts.example.org" ||
		!parsed.NotAfter.Equal(f.Clock.Now().AddDate(0, 0, 3*365)) {
		t.Errorf("the certificate is for %v until %v", parsed.Subject, parsed.NotAfter)
	}
	f.WantNotStored("PRIVATE KEY")

	got := servicetest.Must(f.UpdateSAMLConfiguration(t.Context(), admin, settings.SAMLUpdate{
		Enabled: new(true), ProviderLoginURL: setTo("https://provider.example.org/saml"),
		SignatureCertificate: setTo(certificate),
	}))
	if !got.Enabled || *got.EncryptionCertificate != certificate ||
		*got.ServiceProviderURL != "https://accounts.example.org" ||
		!strings.HasPrefix(*got.AssertEndpoint, "https://accounts.example.org/") ||
		!strings.HasSuffix(*got.AssertEndpoint, "/auth-service/providers/saml/assert") {
		t.Errorf("the configuration is %+v", got)
	}
	if renewed := servicetest.Must(f.RenewSAMLCertificate(t.Context(), admin)); renewed == certificate {
		t.Error("the renewed certificate is the old one")
	}
}

// A role counts as in use if a group of LDAP or SAML gives the role to its members. When the
// role is deleted, its replacement takes its place in the group.
func TestGroupsUseRoles(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	old, other := f.AddRole(), f.AddRole()
	groups := []account.AllowedGroup{{Name: "staff", DefaultRoleIDs: []int64{2, old}}}
	servicetest.Must(f.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{AllowedGroups: &groups}))
	servicetest.WantCode(t, f.DeleteRole(t.Context(), admin, old, 0), account.CodeRoleInUse)
	servicetest.Must(f.UpdateSAMLConfiguration(t.Context(), admin, settings.SAMLUpdate{AllowedGroups: &groups}))
	if err := f.DeleteRole(t.Context(), admin, old, other); err != nil {
		t.Fatal(err)
	}
	ldap := servicetest.Must(f.LDAPConfiguration(t.Context(), admin))
	saml := servicetest.Must(f.SAMLConfiguration(t.Context(), admin))
	for _, got := range [][]account.AllowedGroup{ldap.AllowedGroups, saml.AllowedGroups} {
		if len(got) != 1 || !reflect.DeepEqual(got[0].DefaultRoleIDs, []int64{2, other}) {
			t.Errorf("the groups are %+v", got)
		}
	}
}
