package bench_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// usher is a server of the API on a loopback address, over a seeded database.
type usher struct {
	address string
	token   string       // token of the administrator's session
	sent    atomic.Int64 // number of requests sent so far
}

// startUsher starts a server that stops when the benchmark ends. Like `usher serve`, it formats its log lines, which
// are discarded here, and polls for cache invalidations.
func startUsher(b testing.TB) *usher {
	b.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := sqlstore.OpenSQLite(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	key, err := seed.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	accounts, err := seed.Open(store, key, log)
	if err == nil {
		err = seed.Fill(b.Context(), store, accounts, users)
	}
	if err != nil {
		b.Fatal(err)
	}
	handler, err := httpapi.New(http.NewServeMux(), httpapi.Options{
		Accounts: accounts, Log: log, Metrics: prometheus.NewRegistry(),
	})
	if err != nil {
		b.Fatal(err)
	}
	pollInvalidations(b, accounts)
	u := &usher{address: listen(b, handler)}
	if u.token, err = requests.SignInAdmin(b.Context(), u.address); err != nil {
		b.Fatal(err)
	}
	return u
}

// pollInvalidations polls for cache invalidations until the benchmark ends.
func pollInvalidations(b testing.TB, accounts *service.Service) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	done := make(chan struct{})
	b.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_ = accounts.PollInvalidations(ctx) // after an error, requests read the database instead of the cache
			select {
			case <-ctx.Done():
			case <-time.After(auth.PollInterval):
			}
		}
	}()
}

// listen serves a handler on a free loopback port until the benchmark ends, and returns its address.
func listen(b testing.TB, handler http.Handler) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	serveErr := make(chan error, 1)
	go func() { serveErr <- server.Serve(listener) }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			b.Error(err)
		}
		if err := <-serveErr; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return listener.Addr().String()
}

// dial connects to a server. The connection is closed when the benchmark ends.
func dial(b testing.TB, address string) *requests.Conn {
	b.Helper()
	c, err := requests.Dial(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}
