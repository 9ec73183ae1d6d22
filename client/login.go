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
