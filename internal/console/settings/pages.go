// Package settings serves the pages about the settings of the server: general, mail, lockout,
// directory and SAML.
package settings

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	page.RoleLister

	ApplicationSettings(ctx context.Context, caller *account.Principal) (account.ApplicationSettings, error)
	LDAPConfiguration(ctx context.Context, caller *account.Principal) (settings.LDAPConfiguration, error)
	LockoutPolicy(ctx context.Context, caller *account.Principal) (lockout.Policy, error)
	RenewSAMLCertificate(ctx context.Context, caller *account.Principal) (string, error)
	SAMLConfiguration(ctx context.Context, caller *account.Principal) (settings.SAMLConfiguration, error)
	SendTestMessage(ctx context.Context, caller *account.Principal) (outbox.TestDelivery, error)
	ServerSettings(ctx context.Context, caller *account.Principal) (account.ServerSettings, error)
	SettingOverrides() settings.SettingOverrides
	UpdateApplicationSettings(ctx context.Context, caller *account.Principal,
		up settings.ApplicationUpdate) (account.ApplicationSettings, error)
	UpdateLDAPConfiguration(ctx context.Context, caller *account.Principal,
		up settings.LDAPUpdate) (settings.LDAPConfiguration, error)
	UpdateLockoutPolicy(ctx context.Context, caller *account.Principal, up settings.LockoutUpdate) error
	UpdateSAMLConfiguration(ctx context.Context, caller *account.Principal,
		up settings.SAMLUpdate) (settings.SAMLConfiguration, error)
	UpdateServerSettings(ctx context.Context, caller *account.Principal,
		up settings.ServerUpdate) (account.ServerSettings, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
}

// maxSettingsBytes is the size limit, in bytes, of a form with certificates and groups. The API
// accepts 64 KiB of them, and a browser sends some bytes as three.
const maxSettingsBytes = 3 * page.MaxFormBytes

// The permissions that routes of this area need.
var (
	readApplication = page.Permission{Action: access.ActionRead, Entity: access.EntityApplicationSettings}
	editApplication = page.Permission{Action: access.ActionEdit, Entity: access.EntityApplicationSettings}
	readLockout     = page.Permission{Action: access.ActionRead, Entity: access.EntityLockoutPolicy}
	editLockout     = page.Permission{Action: access.ActionEdit, Entity: access.EntityLockoutPolicy}
	readLDAP        = page.Permission{Action: access.ActionRead, Entity: access.EntityLDAPConfiguration}
	editLDAP        = page.Permission{Action: access.ActionEdit, Entity: access.EntityLDAPConfiguration}
	readSAML        = page.Permission{Action: access.ActionRead, Entity: access.EntitySAMLConfiguration}
	editSAML        = page.Permission{Action: access.ActionEdit, Entity: access.EntitySAMLConfiguration}
)

// Pages returns the routes of this area of the console.
func Pages(service Service) []page.Route {
	h := &handler{service: service}
	return []page.Route{
		{Pattern: "GET " + settingsPath, Handler: h.show(generalSection), Needs: readApplication},
		{Pattern: "POST " + settingsPath, Handler: h.changeServer, Needs: editApplication},
		{Pattern: "POST " + newUsersPath, Handler: h.changeNewUsers, Needs: editApplication},
		{Pattern: "POST " + retentionPath, Handler: h.changeRetention, Needs: editApplication},

		{Pattern: "GET " + mailPath, Handler: h.show(mailSection), Needs: readApplication},
		{Pattern: "POST " + mailPath, Handler: h.changeMail, Needs: editApplication, MaxBytes: maxSettingsBytes},
		{Pattern: "POST " + testMailPath, Handler: h.testMail, Needs: editApplication},

		{Pattern: "GET " + lockoutPath, Handler: h.show(lockoutSection), Needs: readLockout},
		{Pattern: "POST " + lockoutPath, Handler: h.changeLockout, Needs: editLockout},

		{Pattern: "GET " + directoryPath, Handler: h.show(directorySection), Needs: readLDAP},
		{Pattern: "POST " + directoryPath, Handler: h.changeDirectory, Needs: editLDAP, MaxBytes: maxSettingsBytes},

		{Pattern: "GET " + samlPath, Handler: h.show(samlSection), Needs: readSAML},
		{Pattern: "POST " + samlPath, Handler: h.changeSAML, Needs: editSAML, MaxBytes: maxSettingsBytes},
		{Pattern: "GET " + samlCertificatePath, Handler: h.downloadCertificate, Needs: readSAML},
		{Pattern: "GET " + samlRenewPath, Handler: confirmRenewal, Needs: editSAML},
		{Pattern: "POST " + samlRenewPath, Handler: h.renewCertificate, Needs: editSAML},
	}
}
