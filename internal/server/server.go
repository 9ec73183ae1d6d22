// Package server composes and runs the server. It also has the commands that work directly on the data: serve, admin,
// key, backup, restore, migrate-data, audit verify and audit checkpoint.
//
// Decisions about accounts are made in package service, not here.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/bodylimit"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/connlimit"
	"github.com/seed-3a99a2fe/usher/internal/contract"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/framing"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Limits of the HTTP server.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

// Options are the options of Open.
type Options struct {
	Settings *config.Server
	Version  string // version of the build
	Log      *slog.Logger
	Hashes   int // passwords to hash at the same time; 0: as many as GOMAXPROCS
}

// Server is a server with all of its parts. `usher serve` runs it, and tests run it in their own process.
type Server struct {
	settings *config.Server
	version  string
	log      *slog.Logger
	lock     *flock.Flock // lock on the data directory; nil on PostgreSQL
	store    *sqlstore.Store
	accounts *service.Service
	worker   *mail.Worker
	listener net.Listener
	http     *http.Server
	draining atomic.Bool
	requests requestCounter
	https    atomic.Bool // the public URL is an HTTPS one; see watchPublicURL
	conns    *connlimit.Limiter
	bodies   *bodylimit.Limiter
	diskLow  atomic.Bool // the disk of the data directory is almost full; always false on PostgreSQL

	adminListener net.Listener // nil: there is none
	adminHTTP     *http.Server // nil: there is no admin listener
	forwarding    forwarding

	url      *url.URL // URL of the listener
	adminURL *url.URL // URL of the admin listener; nil: there is none

	// Values at the start, for the welcome text. They can change later with the settings.
	publicURL  *url.URL            // nil: unknown
	mailServer *account.MailServer // nil: messages become files

	initialPassword secret.Text // password of the first administrator, if this start has generated it
}

// Open opens the data, sets up a new database, and listens. If it fails, it closes everything again.
func Open(ctx context.Context, options Options) (s *Server, err error) {
	settings, log := options.Settings, options.Log
	s = &Server{settings: settings, version: options.Version, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := datadir.Create(settings.Data); err != nil {
		return s, err
	}
	readContract := sync.OnceValues(contract.Read)
	go func() { _, _ = readContract() }() // parse the OpenAPI description while the database is opened
	if err := s.limitConnections(s.proxies()); err != nil {
		return s, err
	}
	// Check the flags before the database is opened, so that no database is set up with unusable settings.
	overrides, err := settingOverrides(settings)
	if err != nil {
		return s, err
	}
	if settings.Database.URL.Empty() { // only PostgreSQL may be shared by several servers
		if s.lock, err = datadir.Lock(settings.Data); err != nil {
			return s, err
		}
	}
	if s.store, err = openDatabase(ctx, settings, log); err != nil {
		return s, err
	}
	if err := s.listen(ctx); err != nil {
		return s, err
	}
	overrides.LocalURL = config.LocalURL(s.listener.Addr())
	overrides.DiskLow = s.diskLow.Load
	s.accounts, err = openAccounts(ctx, accountsOptions{
		settings: settings, store: s.store, overrides: overrides, generateKey: true, name: processName(),
		hashes: options.Hashes, log: log,
	})
	if err != nil {
		return s, err
	}
	if err := s.setUp(ctx); err != nil {
		return s, err
	}
	if err := s.checkAddresses(ctx); err != nil {
		return s, err
	}
	sender := mail.NewConfiguredSender(s.accounts.MailRoute, datadir.MailPath(settings.Data))
	s.worker = mail.NewWorker(s.accounts, sender, s.accounts.MailQueued(), log)
	public, admin, err := s.handlers(readContract)
	if err != nil {
		return s, err
	}
	s.http = s.newHTTPServer(public)
	if admin != nil {
		s.adminHTTP = s.newHTTPServer(admin)
	}
	return s, nil
}

// listen opens the listener, and the admin listener if there is one.
func (s *Server) listen(ctx context.Context) (err error) {
	open := func(address string) (net.Listener, *url.URL, error) {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return nil, nil, fmt.Errorf("listen: %w", err)
		}
		return framing.Listener(l, s.refusedFraming), &url.URL{Scheme: "http", Host: l.Addr().String()}, nil
	}
	if s.listener, s.url, err = open(s.settings.Listen); err != nil || s.settings.AdminListen == "" {
		return err
	}
	s.adminListener, s.adminURL, err = open(s.settings.AdminListen)
	return err
}

// refusedFraming logs that the framing of a request was ambiguous. A proxy that sends such requests by mistake is found
// by this line, since the client gets no reason.
func (s *Server) refusedFraming(client net.Addr, reason error) {
	s.log.Info("refused a request whose framing is not clear", "client", client.String(), "reason", reason)
}

// newHTTPServer returns the HTTP server of a listener.
func (s *Server) newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         s.conns.ConnState,
		ConnContext:       s.conns.ConnContext,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// processName returns the name of this process for operators: the host and the process id.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}

// URL returns where the server listens.
func (s *Server) URL() *url.URL { return s.url }

// AdminURL returns where the server listens for operators, or nil if it has no admin listener.
func (s *Server) AdminURL() *url.URL { return s.adminURL }

// Close closes everything that Open has opened.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.listener, s.adminListener} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
