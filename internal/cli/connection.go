package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/credentials"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// defaultServer is the URL at which `usher serve` listens if it is started without flags.
const defaultServer = "http://127.0.0.1:8080"

// ShowResult signs in, calls call, and shows its result: as JSON with --output json, otherwise as the table that
// tabulate returns.
func ShowResult[T any](
	ctx context.Context, c *CLI, call func(*client.Client) (T, error), tabulate func(T) command.Table,
) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	result, err := call(api)
	if err != nil {
		return err
	}
	return c.Show(result, tabulate(result))
}

// SignIn returns a client that is signed in. It uses the token that the user has given, or else the session that usher
// login has stored.
func (c *CLI) SignIn(ctx context.Context) (*client.Client, error) {
	api, err := c.connect()
	if err != nil {
		return nil, err
	}
	token, _, err := c.token(ctx, api)
	if err != nil {
		return nil, err
	}
	return api.WithToken(token.Reveal()), nil
}

// signInForUser signs in and looks up a user. ref is the user's id or e-mail address.
func (c *CLI) signInForUser(ctx context.Context, ref string) (*client.Client, client.User, error) {
	api, err := c.SignIn(ctx)
	if err != nil {
		return nil, client.User{}, err
	}
	u, err := lookup.User(ctx, api, ref)
	return api, u, err
}

// signInForRole signs in and looks up a role. ref is the role's id or name.
func (c *CLI) signInForRole(ctx context.Context, ref string) (*client.Client, client.Role, error) {
	api, err := c.SignIn(ctx)
	if err != nil {
		return nil, client.Role{}, err
	}
	r, err := lookup.Role(ctx, api, ref)
	return api, r, err
}

// connect returns a client that is not signed in. The server is the one that --server names, or else the one of the
// last sign-in.
func (c *CLI) connect() (*client.Client, error) {
	if c.server = c.flags.Server; c.server == "" {
		sessions, err := c.credentials()
		if err != nil {
			return nil, err
		}
		last, err := sessions.LastServer()
		c.server = cmp.Or(last, defaultServer)
		if err != nil {
			return nil, err
		}
	}
	options := []client.Option{client.WithUserAgent("usher/" + c.Version)}
	if c.flags.CAFile != "" {
		hc, err := httpClientTrusting(c.flags.CAFile)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithHTTPClient(hc))
	}
	api, err := client.New(c.server, options...)
	if err != nil {
		return nil, command.WithHint(command.UsageErrorf("%w", err),
			"name the server with --server or USHER_SERVER, as https://usher.example.com")
	}
	return api, nil
}

// credentials returns the file that stores the sessions of usher login.
func (c *CLI) credentials() (credentials.Store, error) {
	return credentials.Open(c.Getenv("USHER_CONFIG_DIR"))
}

// tokenGiven reports whether the user has given a token by a flag or a variable. It is used instead of the session of
// usher login.
func (c *CLI) tokenGiven() bool {
	return c.flags.TokenFile != "" || c.Getenv("USHER_TOKEN") != ""
}

// token returns the token to sign in to the server of api with. A token that the user has given takes precedence over
// the session of usher login. stored reports whether token is that session.
func (c *CLI) token(ctx context.Context, api *client.Client) (token secret.Text, stored bool, err error) {
	if c.tokenGiven() {
		token, err = c.Secret(ctx, command.SecretSource{
			Name: "token", Variable: "USHER_TOKEN", Flag: "--token-file", File: c.flags.TokenFile,
		})
		return token, false, err
	}
	sessions, err := c.credentials()
	if err != nil {
		return secret.Text{}, false, err
	}
	token, err = sessions.Token(api.BaseURL())
	if err == nil && token.Empty() {
		err = command.WithHint(fmt.Errorf("you are not signed in to %s", api.BaseURL()), "sign in with `usher login`")
	}
	return token, true, err
}

// httpClientTrusting returns an HTTP client that trusts the certificates in file, in addition to those of the system.
func httpClientTrusting(file string) (*http.Client, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the certificates of the system: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, command.WithHint(errors.New("the file of --ca-file has no certificates"),
			"it must hold them in PEM: -----BEGIN CERTIFICATE-----")
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}, nil
}
