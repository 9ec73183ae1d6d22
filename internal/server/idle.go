package server

import (
	"context"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	idleMemoryDelay   = 10 * time.Second // time without a request before memory is released
	idleCheckInterval = 2 * time.Second
)

// requestCounter counts the requests that have begun and that have ended.
type requestCounter struct{ begun, ended atomic.Uint64 }

// count returns a handler that counts each request and passes it to next.
func (c *requestCounter) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.begun.Add(1)
		defer c.ended.Add(1)
		next.ServeHTTP(w, r)
	})
}

// releaseIdleMemory waits until the server is idle after requests. Then it drops all caches and returns free memory to
// the operating system. It repeats this until ctx ends.
func (s *Server) releaseIdleMemory(ctx context.Context) {
	onIdle(ctx, &s.requests, func() {
		s.accounts.DropCaches()
		if err := s.store.DropCaches(ctx); err != nil && ctx.Err() == nil {
			s.log.Debug("the database keeps its memory", "error", err)
		}
		debug.FreeOSMemory()
	})
}

// onIdle calls f when no request is running and none has begun for idleMemoryDelay. It calls f again only after further
// requests.
func onIdle(ctx context.Context, requests *requestCounter, f func()) {
	last, released, idle := requests.begun.Load(), uint64(0), time.Duration(0)
	every(ctx, idleCheckInterval, func() {
		idle += idleCheckInterval
		begun := requests.begun.Load()
		if begun != last || begun != requests.ended.Load() {
			last, idle = begun, 0
		}
		if idle >= idleMemoryDelay && begun != released {
			f()
			released = begun
		}
	})
}
