package client

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Option configures a new [Client].
type Option func(*settings)

type settings struct {
	token        secret.Text
	http         *http.Client
	retries      int
	userAgent    string
	insecureHTTP bool
}

// WithToken makes the client act for the owner of token: the token of a session
// or an API key.
func WithToken(token string) Option {
	return func(s *settings) { s.token = secret.New(token) }
}

// WithHTTPClient sends requests with c, for the caller's own proxies, certificates
// and timeouts. The client works on a copy that follows no redirects, and does not
// change c. The default uses the proxy of the environment
// ([http.ProxyFromEnvironment]).
func WithHTTPClient(c *http.Client) Option {
	return func(s *settings) { s.http = c }
}

// WithRetries sets how often a request may be sent again, from 0 to 2, where the
// package documentation allows it at all. The default is 2. A value out of range
// counts as the nearest one within.
func WithRetries(n int) Option {
	return func(s *settings) { s.retries = min(max(n, 0), maxRetries) }
}

// WithUserAgent sets the User-Agent header, which servers log. The default is
// "usher-go".
func WithUserAgent(agent string) Option {
	return func(s *settings) { s.userAgent = agent }
}

// WithInsecureHTTP allows a base URL with plain HTTP and a host that is not this
// machine. Passwords and tokens then cross the network in clear, where others can
// read and use them. It is for networks that are protected in another way.
func WithInsecureHTTP() Option {
	return func(s *settings) { s.insecureHTTP = true }
}
