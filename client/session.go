package client

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// LoginResult is a new session. It prints with its token masked.
type LoginResult struct {
	Token             string // for WithToken; a secret
	NeedPasswordReset bool   // the user has to call ChangePassword before anything else
}

// Login signs a user in with an e-mail address and a password. It does not change
// the client: pass the token to [Client.WithToken]. A session ends at logout, after
// 12 hours without use, and 30 days after sign-in at the latest.
//
// An unknown address, a wrong password, an inactive user and a locked one all fail
// with [CodeInvalidCredentials].
func (c *Client) Login(ctx context.Context, email, password string) (LoginResult, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.WithToken("").wire.ApiLoginPost(ctx, wire.LoginRequest{Email: email, Password: password})
	}, func(w wire.LoginResult) LoginResult {
		return LoginResult{Token: w.AuthToken, NeedPasswordReset: w.NeedPasswordReset}
	})
}

// Logout ends the session of the client's token. An API key goes on to work.
func (c *Client) Logout(ctx context.Context) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiLogoutPost(ctx)
	})
}

// Whoami returns the owner of the client's token, with roles in full.
func (c *Client) Whoami(ctx context.Context) (Whoami, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersWhoamiGet(ctx)
	}, whoamiFromWire)
}
