package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// defaultServer is where usher serve listens when it is told nothing else.
const defaultServer = "http://127.0.0.1:8080"

// findServer settles which server is meant where no flag says so: that of the last
// sign-in, so that it need not be named again.
func (a *app) findServer() error {
	if a.flags.Server != "" {
		return nil
	}
	sessions, err := a.credentials()
	if err != nil {
		return err
	}
	last, err := sessions.last()
	a.flags.Server = cmp.Or(last, defaultServer)
	return err
}

// connect returns a client without a credential.
func (a *app) connect() (*client.Client, error) {
	if err := a.findServer(); err != nil {
		return nil, err
	}
	options := []client.Option{client.WithUserAgent(userAgent())}
	if a.flags.CAFile != "" {
		hc, err := trusting(a.flags.CAFile)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithHTTPClient(hc))
	}
	c, err := client.New(a.flags.Server, options...)
	if err != nil {
		return nil, withHint(usageError{err}, "name the server with --server or USHER_SERVER, as https://usher.example.com")
	}
	return c, nil
}

// signedIn returns a client with the credential of the operator.
func (a *app) signedIn() (*client.Client, error) {
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	token, _, err := a.token(c)
	if err != nil {
		return nil, err
	}
	return c.WithToken(token.Reveal()), nil
}

// tokenGiven reports whether a token is to be used instead of the session of usher login.
func (a *app) tokenGiven() bool {
	return a.flags.TokenFile != "" || a.getenv("USHER_TOKEN") != ""
}

// token returns the credential for the server of c, and whether it is the session
// of usher login. One that is given takes precedence over that.
func (a *app) token(c *client.Client) (token secret.Text, stored bool, err error) {
	if a.tokenGiven() {
		token, err = a.secret(source{what: "token", variable: "USHER_TOKEN", flag: "--token-file", file: a.flags.TokenFile})
		return token, false, err
	}
	sessions, err := a.credentials()
	if err != nil {
		return secret.Text{}, false, err
	}
	token, err = sessions.get(c.BaseURL())
	if err == nil && token.Empty() {
		err = withHint(fmt.Errorf("you are not signed in to %s", c.BaseURL()), "sign in with `usher login`")
	}
	return token, true, err
}

// trusting returns an HTTP client that also trusts the certificates in a file.
func trusting(file string) (*http.Client, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the certificates of the system: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, withHint(errors.New("the file of --ca-file has no certificates"), "it must hold them in PEM: -----BEGIN CERTIFICATE-----")
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}, nil
}
