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

// WithHTTPClient makes the client send requests with a copy of c, for example to set a
// proxy, certificates or timeouts. The copy follows no redirects; c itself is not
// changed. Without this option, the client uses the proxy of the environment
// ([http.ProxyFromEnvironment]).
func WithHTTPClient(c *http.Client) Option {
	return func(s *settings) { s.http = c }
}

// WithRetries sets the maximum number of retries of a request, from 0 to 2. The default
// is 2. A larger value counts as 2 and a negative one as 0. The package documentation
// says which requests are retried.
func WithRetries(n int) Option {
	return func(s *settings) { s.retries = min(max(n, 0), maxRetries) }
}

// WithUserAgent sets the User-Agent header, which servers log. The default is
// "usher-go".
func WithUserAgent(agent string) Option {
	return func(s *settings) { s.userAgent = agent }
}

// WithInsecureHTTP allows a base URL with plain HTTP and a host that is not this
// machine. Anyone on the network can then read and use the passwords and tokens that
// the client sends. Use this option only in networks that are protected in another way.
func WithInsecureHTTP() Option {
	return func(s *settings) { s.insecureHTTP = true }
}
