// Package signin serves the pages for visitors: sign-in, sign-out, forgotten password, and a new
// password with a recovery token.
package signin

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	Authenticate(ctx context.Context, credential secret.Text, from account.Origin) (*account.Principal, error)
	ForgottenPassword(ctx context.Context, email string, from account.Origin) error
	Preferences(ctx context.Context, caller *account.Principal) (account.Preferences, error)
	SignIn(ctx context.Context, email string, password secret.Text,
		from account.Origin) (auth.SignInResult, error)
	SignOut(ctx context.Context, caller *account.Principal) error
}

// handler has the HTTP handlers of this area.
type handler struct {
	service  Service
	recovery Recovery
}

// Pages returns the routes of this area of the console.
func Pages(service Service, recovery Recovery) []page.Route {
	h := &handler{service: service, recovery: recovery}
	return []page.Route{
		{Pattern: "GET " + page.SignInPath, Handler: showSignIn, Open: true},
		{Pattern: "POST " + page.SignInPath, Handler: h.signIn, Open: true},
		{Pattern: "POST /sign-out", Handler: h.signOut, AllowPasswordReset: true},
		{Pattern: "POST /look", Handler: changeAppearance, Open: true},

		// These pages are also for users who are signed in: the browser may still have a session
		// when the user has forgotten the password.
		{Pattern: "GET " + forgottenPath, Handler: showForgotten, Open: true},
		{Pattern: "POST " + forgottenPath, Handler: h.forgotten, Open: true},
		{Pattern: "GET " + sentPath, Handler: showSent, Open: true},

		// The form is bound to the recovery token, not to a session.
		{Pattern: "GET " + resetPath, Handler: showReset, Open: true},
		{Pattern: "POST " + resetPath, Handler: h.reset, Open: true, OwnFormToken: true},
	}
}
