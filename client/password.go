package client

import (
	"context"
	"net/http"
)

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
