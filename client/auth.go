package client

import (
	"context"
	"net/http"
)

// Login signs a user in with an e-mail address and a password. It does not change
// the client: pass the token to [Client.WithToken]. A session ends at logout, after
// 12 hours without use, and 30 days after sign-in at the latest.
//
// An unknown address, a wrong password, an inactive user and a locked one all fail
// with [CodeInvalidCredentials].
func (c *Client) Login(ctx context.Context, email, password string) (LoginResult, error) {
	return receive[LoginResult](ctx, c.WithToken(""), request{
		method: http.MethodPost, path: "api/login", body: map[string]string{"email": email, "password": password},
	})
}

// Logout ends the session of the client's token. An API key stays valid.
func (c *Client) Logout(ctx context.Context) error {
	return c.perform(ctx, request{method: http.MethodPost, path: "api/logout"})
}

// Whoami returns the owner of the client's token, with roles in full.
func (c *Client) Whoami(ctx context.Context) (Whoami, error) {
	return receive[Whoami](ctx, c, request{method: http.MethodGet, path: "api/users/whoami"})
}

// A password that is set has at least 12 characters, among them a digit, a
// lower-case letter, an upper-case letter and a special character (the underscore
// does not count), and at most 1024 bytes. The server checks it: [CodeInvalid].

// ForgottenPassword asks for a message with a recovery token to the user with
// this e-mail address. It succeeds whether or not there is such a user.
func (c *Client) ForgottenPassword(ctx context.Context, email string) error {
	return c.WithToken("").perform(ctx, request{
		method: http.MethodPost, path: "api/users/forgotten-password", body: map[string]string{"email": email},
	})
}

// RetrievePassword sets a new password with the recovery token of a message, which
// is valid once and for 30 minutes ([CodeInvalidRecoveryToken]). It ends all sessions
// and API keys of the user and does not sign in.
func (c *Client) RetrievePassword(ctx context.Context, recoveryToken, newPassword string) error {
	return c.WithToken("").perform(ctx, request{
		method: http.MethodPost, path: "api/users/retrieve-password",
		body: map[string]string{"token": recoveryToken, "newPassword": newPassword},
	})
}

// ChangePassword sets the caller's own password. All other sessions of the caller
// end; this one and API keys stay valid. A wrong oldPassword is [CodeWrongPassword]
// and counts as a failed sign-in.
func (c *Client) ChangePassword(ctx context.Context, oldPassword, newPassword string) error {
	return c.perform(ctx, request{
		method: http.MethodPatch, path: "api/users/password",
		body: map[string]string{"oldPassword": oldPassword, "newPassword": newPassword},
	})
}
