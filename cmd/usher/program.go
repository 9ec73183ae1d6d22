package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apidocs"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Times of the server.
const (
	headerTime   = 10 * time.Second       // to send a request's header
	requestTime  = time.Minute            // to send a request
	idleTime     = 2 * time.Minute        // between two requests
	shutdownTime = 15 * time.Second       // for requests under way when the server ends
	sweepTime    = 10 * time.Minute       // between two clean-ups
	sealTime     = 500 * time.Millisecond // between two looks for entries to seal
	readyTime    = 2 * time.Second        // for the database to answer /readyz
	hearFailures = 4                      // one after the other, until somebody is told

	maxHeaderBytes = 32 << 10
	mailWorkers    = 4 // messages sent at once: one that takes long does not hold up the others
)

// program is the server, wired: what `usher serve` runs, and tests run in their
// own process.
type program struct {
	settings *config.Server
	log      *slog.Logger
	lock     *flock.Flock // of the data directory
	store    *sqlstore.Store
	accounts *service.Service
	worker   *mail.Worker
	listener net.Listener
	server   *http.Server
	draining atomic.Bool
	traffic  traffic

	URL      *url.URL    // where it listens
	Password secret.Text // of the first administrator, if this start made one up

	// As they were at the start; the settings may change them.
	PublicURL  *url.URL            // where people reach it; nil: not known
	mailServer *account.MailServer // nil: messages become files
}

// newProgram opens the data, sets a new database up, and listens. What it opened
// is closed again when it fails.
func newProgram(ctx context.Context, settings *config.Server, log *slog.Logger) (p *program, err error) {
	p = &program{settings: settings, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := os.MkdirAll(settings.Data, 0o700); err != nil {
		return p, fmt.Errorf("make the data directory: %w", err)
	}
	contract := sync.OnceValues(httpapi.ReadContract)
	go func() { _, _ = contract() }() // while the database is opened
	fixed, err := fixedBy(settings)   // before anything is set up with settings that cannot serve
	if err != nil {
		return p, err
	}
	if settings.Database.URL.Empty() { // any number of servers may be on PostgreSQL
		if p.lock, err = lockData(settings.Data); err != nil {
			return p, err
		}
	}
	if p.store, err = openStore(ctx, settings, log); err != nil {
		return p, err
	}
	if p.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", settings.Listen); err != nil {
		return p, fmt.Errorf("listen: %w", err)
	}
	p.URL = &url.URL{Scheme: "http", Host: p.listener.Addr().String()}
	fixed.LocalURL = config.LocalURL(p.listener.Addr())
	if p.accounts, err = openAccounts(ctx, settings, p.store, fixed, true, log); err != nil {
		return p, err
	}
	if err := p.setUp(ctx); err != nil {
		return p, err
	}
	if err := p.look(ctx); err != nil {
		return p, err
	}
	router := mail.NewConfiguredSender(p.accounts.MailRoute, mailDirectory(settings.Data))
	p.worker = mail.NewWorker(p.accounts, router, p.accounts.MailQueued(), log)
	handler, err := p.handler(contract)
	if err != nil {
		return p, err
	}
	p.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return p, nil
}

// openAccounts makes the rules over an open store; fixed is what the operator has
// fixed. The server, which may make the server key, and the emergency commands
// share it.
func openAccounts(ctx context.Context, settings *config.Server, store *sqlstore.Store, fixed service.Options, makeKey bool, log *slog.Logger) (*service.Service, error) {
	ring, err := serverKey(ctx, settings, store, makeKey)
	if err != nil {
		return nil, err
	}
	pool, err := passhash.New(passhash.Default, hashesAtOnce(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return service.New(service.Options{
		Store: store, Passwords: pool, Keys: ring, Renderer: mail.NewTemplates(), Log: log,
		Now: store.Now, Random: rand.Reader,
		PublicURL: fixed.PublicURL, LocalURL: fixed.LocalURL, MailOverrides: fixed.MailOverrides, TestSender: fixed.TestSender,
		PasswordChanged: func(userID int64) { forgetInitialPassword(settings.Data, userID, log) },
		Checkpoints:     fileWitness{settings.Data},
	}), nil
}

// setUp makes the first administrator of a new database.
func (p *program) setUp(ctx context.Context) error {
	created, err := p.accounts.SetUp(ctx, service.FirstRun{
		AdminEmail: p.adminEmail(), AdminPassword: p.settings.AdminPassword,
		SavePassword: func(password secret.Text) error {
			if !p.settings.Database.URL.Empty() && !p.settings.Watched {
				return errPasswordNeeded
			}
			p.Password = password
			return saveInitialPassword(p.settings.Data, password)
		},
	})
	if err != nil {
		return err
	}
	if created {
		facts := []any{"data", p.settings.Data, "administrator", p.adminEmail()}
		if !p.Password.Empty() {
			facts = append(facts, "password_file", filepath.Join(p.settings.Data, initialPasswordFile))
		}
		p.log.Info("set up a new database", facts...)
		return nil
	}
	if !p.settings.AdminPassword.Empty() {
		p.log.Warn("USHER_ADMIN_PASSWORD is ignored: the database has its administrator already")
	}
	if p.settings.AdminEmail != "" {
		p.log.Warn("--admin-email is ignored: the database has its administrator already")
	}
	return nil
}

// adminEmail is the address of the first administrator.
func (p *program) adminEmail() string {
	return cmp.Or(p.settings.AdminEmail, "admin@localhost")
}

// fixedBy is what the settings fix, so that those in the database cannot change
// it. It fails for what cannot serve.
func fixedBy(start *config.Server) (service.Options, error) {
	s, directory := start.SMTP, mailDirectory(start.Data)
	fixed := service.Options{
		MailOverrides: settings.MailOverrides{Sender: s.From, SenderName: s.FromName},
		TestSender:    mail.TestSender{Directory: directory},
	}
	var err error
	if fixed.PublicURL, err = start.FixedURL(); err != nil {
		return fixed, err
	}
	if s.Host != "" {
		ca, err := s.CA()
		if err != nil {
			return fixed, err
		}
		fixed.MailOverrides.Server = &account.MailServer{
			Host: s.Host, Port: s.Port, Security: account.MailSecurity(cmp.Or(s.TLS, mail.StartTLS)), Account: s.Username, Password: s.Password, CA: ca,
		}
	}
	_, err = mail.NewSender(account.MailRoute{
		Server: fixed.MailOverrides.Server, Sender: cmp.Or(s.From, "usher@localhost"), SenderName: s.FromName,
	}, directory)
	return fixed, err
}

// look finds out where people reach the server and how mail leaves, and warns of
// what is not as it should be.
func (p *program) look(ctx context.Context) (err error) {
	if p.PublicURL, err = p.accounts.PublicURL(ctx); err != nil {
		return err
	}
	if warning := plainHTTPWarning(p.listener.Addr(), p.PublicURL); warning != "" {
		p.log.Warn(warning)
	}
	route, err := p.accounts.MailRoute(ctx)
	if err != nil { // mail fails, but the server serves: an administrator can mend it
		p.log.Warn("the mail settings cannot be used", "error", err)
		return nil
	}
	if p.mailServer = route.Server; route.Server != nil && strings.HasSuffix(route.Sender, "@localhost") {
		p.log.Warn("messages come from " + route.Sender + ", which mail servers may refuse; set --smtp-from, or emailSender in the settings")
	}
	return nil
}

// mailDirectory is where messages land when there is no mail server.
func mailDirectory(data string) string { return filepath.Join(data, "mail") }

// handler is everything that the server answers; contract tells what the API is checked by.
func (p *program) handler(contract func() (httpapi.Contract, error)) (http.Handler, error) {
	read, err := contract()
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_changes_refused", Help: "1 while the database does not store changes, else 0.",
		}, func() float64 {
			if p.store.Trouble() != nil {
				return 1
			}
			return 0
		}))
	var proxies httpapi.Proxies
	for _, network := range p.settings.TrustedProxies {
		proxies = append(proxies, network.Prefix)
	}
	mux := http.NewServeMux()
	docs := apidocs.Handler()
	mux.Handle("/docs", docs)
	mux.Handle("/docs/", docs)
	pages := console.New(console.Options{
		Accounts: p.accounts, Recovery: p.accounts, ClientNetwork: proxies.ClientNetwork, Logger: p.log,
		PublicURL: p.accounts.PublicURL,
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", p.ready)
	if p.settings.Metrics {
		mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	}
	all, err := httpapi.New(mux, httpapi.Options{
		Accounts: p.accounts, Log: p.log, Metrics: registry, Proxies: proxies, AccessLog: p.settings.AccessLog,
		Version: version(), Pages: pages, Contract: read,
	})
	return p.traffic.handler(all), err
}

// Close closes what newProgram opened.
func (p *program) Close() error {
	var errs []error
	if p.listener != nil {
		if err := p.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if p.lock != nil {
		errs = append(errs, p.lock.Close())
	}
	return errors.Join(errs...)
}

// plainHTTPWarning says where passwords and tokens would travel in clear, and what to
// do about it; it is empty where all is well. public is nil where it is not known.
func plainHTTPWarning(listening net.Addr, public *url.URL) string {
	const remedy = "; put a proxy with TLS before it and set --public-url https://…"
	plain := public == nil || public.Scheme == "http"
	tcp, ok := listening.(*net.TCPAddr)
	switch {
	case plain && !(ok && tcp.IP.IsLoopback()):
		return "listening for other machines over plain HTTP, which anybody on the way can read" + remedy
	case plain && public != nil && !host.IsLoopback(public.Hostname()):
		return "people reach the server over plain HTTP, which anybody on the way can read" + remedy
	}
	return ""
}
