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

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

// usher is the API over a seeded database, behind a listener on loopback.
type usher struct {
	address string
	token   string // of the administrator's session
	asked   atomic.Int64
}

// startUsher starts one that ends with the benchmark. Its log is written, as the
// server's is, to nowhere.
func startUsher(b testing.TB) *usher {
	b.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	data, err := seed.New(b.Context(), b.TempDir(), log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := data.Close(); err != nil {
			b.Error(err)
		}
	})
	handler, err := httpapi.New(http.NewServeMux(), httpapi.Options{
		Accounts: data.Accounts, Log: log, Metrics: prometheus.NewRegistry(),
	})
	if err != nil {
		b.Fatal(err)
	}
	u := &usher{address: listen(b, handler)}
	if u.token, err = work.SignIn(b.Context(), u.address); err != nil {
		b.Fatal(err)
	}
	return u
}

// requests returns what makes the next request of a kind, never the same twice.
func (u *usher) requests(kind work.Kind) func() []byte {
	request := kind.Requests(u.token)
	return func() []byte { return request(int(u.asked.Add(1))) }
}

// record returns Usher's answer to a kind of work.
func (u *usher) record(b testing.TB, kind work.Kind) bare.Answer {
	b.Helper()
	r, body, err := dial(b, u.address).Answer(u.requests(kind)(), kind.Status)
	if err != nil {
		b.Fatal(err)
	}
	return bare.Record(kind.Path, r, body)
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
func dial(b testing.TB, address string) *work.Conn {
	b.Helper()
	c, err := work.Dial(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}
