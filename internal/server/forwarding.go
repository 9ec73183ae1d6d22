package server

import (
	"context"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/config"
)

// publicURLInterval is the time between two reads of the public URL. After a change from HTTP to HTTPS, answers of the
// API lack Strict-Transport-Security for this time.
const publicURLInterval = 5 * time.Second

// watchPublicURL reads at intervals whether the public URL is an HTTPS one, so that not every request reads it from the
// database. A failed read keeps the last result.
func (s *Server) watchPublicURL(ctx context.Context) {
	every(ctx, publicURLInterval, func() {
		if public, err := s.accounts.PublicURL(ctx); err == nil {
			s.https.Store(isHTTPS(public))
		}
	})
}

// isHTTPS reports whether a URL has the scheme https. The URL may be nil.
func isHTTPS(u *url.URL) bool { return u != nil && u.Scheme == "https" }

// proxyWarning returns a warning if users reach the server through a proxy with TLS that is not trusted, or "" if not.
// public is nil if the public URL is unknown.
func proxyWarning(public *url.URL, proxies []config.Network) string {
	if !isHTTPS(public) || len(proxies) > 0 {
		return ""
	}
	return "the public URL is https, but no proxy is trusted: all users share the proxy's address, and an attacker who " +
		"guesses passwords locks everybody out; set --trusted-proxies to the address of the proxy"
}

// forwarding remembers the first peer whose X-Forwarded-For was ignored. Its zero value is ready to use.
type forwarding struct{ peer atomic.Pointer[string] }

// ignoredPeer returns the client network of the first peer whose X-Forwarded-For was ignored, or "" if there was none.
func (f *forwarding) ignoredPeer() string {
	if peer := f.peer.Load(); peer != nil {
		return *peer
	}
	return ""
}

// ignoredForwarding is called for each request whose X-Forwarded-For was ignored. It logs the first one only, since
// every client can send such requests.
func (s *Server) ignoredForwarding(peer string) {
	if s.forwarding.peer.Load() == nil && s.forwarding.peer.CompareAndSwap(nil, &peer) {
		s.log.Warn("X-Forwarded-For of a client that is not a trusted proxy is ignored; if the client is your proxy, name "+
			"its address in --trusted-proxies", "client", peer)
	}
}
