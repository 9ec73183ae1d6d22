package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Client calls the operations of one server. Create a client with [New]. The methods
// sign in and out, and change the caller's own password. The fields are services: each
// has the operations of one resource, such as users.
type Client struct {
	Users       *UsersService
	Roles       *RolesService
	Sessions    *SessionsService
	Keys        *KeysService
	Imports     *ImportsService
	Mail        *MailService
	Activity    *ActivityService
	Settings    *SettingsService
	Preferences *PreferencesService

	base   string // ends with a slash
	sender sender
}

// New returns a client of the server at baseURL, such as "https://usher.example.com".
// If the server is mounted under a path, baseURL includes the path. New fails unless
// baseURL is an absolute http or https URL without user information, query and
// fragment. It also fails if passwords and tokens would be sent over plain HTTP (see
// [WithInsecureHTTP]). New makes no request.
func New(baseURL string, opts ...Option) (*Client, error) {
	s := settings{retries: maxRetries, userAgent: "usher-go"}
	for _, set := range opts {
		set(&s)
	}
	base, err := parseBase(baseURL, s.insecureHTTP)
	if err != nil {
		return nil, err
	}
	if s.http == nil {
		s.http = &http.Client{Transport: defaultTransport()}
	}
	hc := *s.http
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	return newClient(base, sender{
		http:      &hc,
		retries:   s.retries,
		userAgent: s.userAgent,
		token:     s.token,
		sleep:     sleep,
	}), nil
}

// newClient returns a client of the server at base. The client and its services send
// requests with s.
func newClient(base string, s sender) *Client {
	c := &Client{base: base, sender: s}
	c.Users = &UsersService{client: c}
	c.Roles = &RolesService{client: c}
	c.Sessions = &SessionsService{client: c}
	c.Keys = &KeysService{client: c}
	c.Imports = &ImportsService{client: c}
	c.Mail = &MailService{client: c}
	c.Activity = &ActivityService{client: c}
	c.Settings = &SettingsService{client: c}
	c.Preferences = &PreferencesService{client: c}
	return c
}

// WithToken returns a new client of the same server that acts for the owner of token.
// If token is "", the new client sends no credential. The old and the new client share
// their connections.
func (c *Client) WithToken(token string) *Client {
	s := c.sender
	s.token = secret.New(token)
	return newClient(c.base, s)
}

// About returns the version of the server. It needs no credential.
func (c *Client) About(ctx context.Context) (version string, err error) {
	answer, err := receive[struct {
		Version string `json:"version"`
	}](ctx, c, request{method: http.MethodGet, path: "api/about"})
	return answer.Version, err
}

// BaseURL returns the address of the server, with a slash at its end.
func (c *Client) BaseURL() string { return c.base }

// String describes the client: the address of the server, and whether there is a token.
// It does not reveal the token.
func (c *Client) String() string {
	if c.sender.token.Empty() {
		return "usher client of " + c.base
	}
	return "usher client of " + c.base + " with a token"
}

// parseBase checks a base URL and returns it with a slash at its end. An error does not
// repeat the URL, because the URL may contain a password.
func parseBase(text string, insecure bool) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", errors.New("usher: the base URL is not a URL")
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("usher: the base URL must begin with https:// or http:// and a host")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("usher: the base URL must not have a user, a query or a fragment")
	}
	if u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()) {
		return "", fmt.Errorf(
			"usher: plain HTTP to %s would send passwords and tokens in clear; use https", u.Hostname(),
		)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u.String(), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func defaultTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute, // long enough to hash the passwords of 1,000 new users
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
	}
}
