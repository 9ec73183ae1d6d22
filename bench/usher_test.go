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

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	requests "github.com/seed-3a99a2fe/usher/bench/internal/work"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// usher is the API over a seeded database, behind a listener on loopback.
type usher struct {
	address string
	token   string // of the administrator's session
	asked   atomic.Int64
}

// startUsher starts one that ends with the benchmark. Its log is written, as the
// server's is, to nowhere; it hears of changes, as the server does.
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
	handler, err := httpapi.New(http.NewServeMux(), httpapi.Options{Accounts: accounts, Log: log, Metrics: prometheus.NewRegistry()})
	if err != nil {
		b.Fatal(err)
	}
	hear(b, accounts)
	u := &usher{address: listen(b, handler)}
	if u.token, err = requests.SignInAdmin(b.Context(), u.address); err != nil {
		b.Fatal(err)
	}
	return u
}

// hear has the rules hear what was changed, again and again until the benchmark ends.
func hear(b testing.TB, accounts *service.Service) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	ended := make(chan struct{})
	b.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = accounts.PollInvalidations(ctx) // one that fails has the next requests read the database
			select {
			case <-ctx.Done():
			case <-time.After(auth.PollInterval):
			}
		}
	}()
}

// listen serves a handler on a free port of loopback until the benchmark ends,
// and returns its address.
func listen(b testing.TB, handler http.Handler) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			b.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return listener.Addr().String()
}

// dial connects to a server until the benchmark ends.
func dial(b testing.TB, address string) *requests.Conn {
	b.Helper()
	c, err := requests.Dial(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}
