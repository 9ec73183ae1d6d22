// Package profile serves the pages about the caller's own account: profile, picture, appearance,
// password, sessions and API keys.
package profile

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/picture"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	Authenticate(ctx context.Context, credential secret.Text, from account.Origin) (*account.Principal, error)
	ChangePassword(ctx context.Context, caller *account.Principal, change auth.PasswordChange,
		from account.Origin) error
	ContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error)
	CreateKey(ctx context.Context, caller *account.Principal,
		n apikey.NewAPIKey) (secret.Text, account.APIKey, error)
	EndKey(ctx context.Context, caller *account.Principal, id int64) error
	EndSession(ctx context.Context, caller *account.Principal, id int64) error
	EndSessions(ctx context.Context, caller *account.Principal, userID int64, keepCurrent bool) error
	ListKeys(ctx context.Context, caller *account.Principal, userID int64) ([]account.APIKey, error)
	Now() time.Time
	RenewContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error)
	RenewSession(ctx context.Context, caller *account.Principal, current secret.Text) (secret.Text, error)
	Sessions(ctx context.Context, caller *account.Principal, userID int64) ([]auth.LiveSession, error)
	UpdatePreferences(ctx context.Context, caller *account.Principal,
		up account.PreferencesUpdate) (account.Preferences, error)
	UpdateUser(ctx context.Context, caller *account.Principal, id int64,
		up account.UserUpdate) (account.User, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service  Service
	pictures *picture.Shrinker
}

const (
	sessionsPath = page.ProfilePath + "/sessions"
	keysPath     = page.ProfilePath + "/keys"
)

// The permissions that routes of this area need.
var (
	editUser  = page.Permission{Action: access.ActionEdit, Entity: access.EntityUser}
	createKey = page.Permission{Action: access.ActionCreate, Entity: access.EntityAPIKey}
)

// Pages returns the routes of this area. The text of a key is shown only in the response to a POST.
// It is not at any URL, so it can't be opened again later.
func Pages(service Service) []page.Route {
	h := &handler{service: service, pictures: picture.NewShrinker()}
	return []page.Route{
		{Pattern: "GET " + page.ProfilePath, Handler: showProfile},
		{
			Pattern: "POST " + page.ProfilePath, Handler: h.changeProfile,
			Needs: editUser, MaxBytes: page.MaxChangeBytes,
		},
		{Pattern: "GET " + page.ProfilePath + "/picture", Handler: showPicture},
		{
			Pattern: "POST " + page.ProfilePath + "/picture", Handler: h.changePicture,
			Needs: editUser, MaxBytes: picture.MaxFileBytes + page.MaxFormBytes,
		},
		{Pattern: "POST " + page.ProfilePath + "/picture/remove", Handler: h.removePicture, Needs: editUser},
		{Pattern: "POST " + page.ProfilePath + "/appearance", Handler: h.changeAppearance},

		{Pattern: "GET " + page.PasswordPath, Handler: showPassword, AllowPasswordReset: true},
		{Pattern: "POST " + page.PasswordPath, Handler: h.changePassword, AllowPasswordReset: true},

		{Pattern: "GET " + sessionsPath, Handler: h.showSessions},
		{Pattern: "POST " + sessionsPath + "/{id}/end", Handler: h.endSession},
		{Pattern: "POST " + sessionsPath + "/end-others", Handler: h.endOtherSessions},

		{Pattern: "GET " + keysPath, Handler: h.showKeys},
		{Pattern: "POST " + keysPath, Handler: h.createKey, Needs: createKey},
		{Pattern: "GET " + keysPath + "/{id}/end", Handler: h.confirmEndKey},
		{Pattern: "POST " + keysPath + "/{id}/end", Handler: h.endKey},
		{Pattern: "POST " + keysPath + "/contract/show", Handler: h.showContractKey},
		{Pattern: "GET " + keysPath + "/contract/renew", Handler: confirmRenewContractKey, Needs: createKey},
		{Pattern: "POST " + keysPath + "/contract/renew", Handler: h.renewContractKey, Needs: createKey},
	}
}
