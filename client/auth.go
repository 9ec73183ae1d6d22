package client

import (
	"context"
	"net/http"
)

// Login signs a user in with an e-mail address and a password. Login does not change
// the client: pass the token in the result to [Client.WithToken]. The session ends at
// logout, after 12 hours without use, and at the latest 30 days after sign-in.
//
// Login fails with [CodeInvalidCredentials] if the address is unknown, the password is
// wrong, or the user is inactive or locked.
func (c *Client) Login(ctx context.Context, email, password string) (LoginResult, error) {
	return receive[LoginResult](ctx, c.WithToken(""), request{
		method: http.MethodPost, path: "api/login", body: map[string]string{"email": email, "password": password},
	})
}

// Logout ends the session of the client's token. If the token is an API key, the key
// stays valid.
func (c *Client) Logout(ctx context.Context) error {
	return c.perform(ctx, request{method: http.MethodPost, path: "api/logout"})
}

// Whoami returns the owner of the client's token, with the name and the permissions of
// each role.
func (c *Client) Whoami(ctx context.Context) (Whoami, error) {
	return receive[Whoami](ctx, c, request{method: http.MethodGet, path: "api/users/whoami"})
}

// The methods below accept only a new password of at least 12 characters and at most
// 1024 bytes. It needs a digit, a lower-case letter, an upper-case letter and a special
// character other than the underscore. For any other password the server returns
// [CodeInvalid].

// ForgottenPassword asks the server to mail a recovery token to the user with this
// e-mail address. ForgottenPassword also succeeds if there is no user with the address.
func (c *Client) ForgottenPassword(ctx context.Context, email string) error {
	return c.WithToken("").perform(ctx, request{
		method: http.MethodPost, path: "api/users/forgotten-password", body: map[string]string{"email": email},
	})
}

// RetrievePassword sets a new password with the recovery token from a mail message. A
// token is valid once, and for 30 minutes. With an expired or used token,
// RetrievePassword fails with [CodeInvalidRecoveryToken]. RetrievePassword ends all
// sessions and API keys of the user. It does not sign the user in.
func (c *Client) RetrievePassword(ctx context.Context, recoveryToken, newPassword string) error {
	return c.WithToken("").perform(ctx, request{
		method: http.MethodPost, path: "api/users/retrieve-password",
		body: map[string]string{"token": recoveryToken, "newPassword": newPassword},
	})
}

// ChangePassword sets the caller's own password. All other sessions of the caller end;
// the session of the client's token and all API keys stay valid. With a wrong
// oldPassword, ChangePassword fails with [CodeWrongPassword], and the attempt counts as
// a failed sign-in.
func (c *Client) ChangePassword(ctx context.Context, oldPassword, newPassword string) error {
	return c.perform(ctx, request{
		method: http.MethodPatch, path: "api/users/password",
		body: map[string]string{"oldPassword": oldPassword, "newPassword": newPassword},
	})
}
