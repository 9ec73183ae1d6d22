package httpapi

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/internal/asset"
	"github.com/seed-3a99a2fe/usher/internal/bodylimit"
	"github.com/seed-3a99a2fe/usher/internal/contract"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// Options configure the API. Accounts, Log and Metrics are required.
type Options struct {
	Accounts  *service.Service
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	Proxies   Proxies
	AccessLog bool   // log every request, not only writes, refused credentials and server errors
	Version   string // the program's version, which is public
	// HTTPS reports whether users reach the server over HTTPS. All answers then have Strict-Transport-Security. It is
	// called for each request. nil: they don't.
	HTTPS func() bool
	// IgnoredForwarding is called for each request whose X-Forwarded-For is ignored, because its peer is not one of
	// Proxies. peer is the client network of the peer. nil: not called.
	IgnoredForwarding func(peer string)
	// Pages serves every path outside /api that the mux doesn't have. If Pages is nil, these paths get a 404 answer.
	Pages    http.Handler
	Contract contract.Operations // nil: New calls contract.Read
	// Bodies bounds the request bodies in memory. If it is nil, New makes one with the smallest limit.
	Bodies *bodylimit.Limiter
	// Refused reports whether a request gets 503, because its connection is over the limits. If it is nil, none does.
	Refused func(*http.Request) bool
}

type server struct {
	auth      authenticator
	log       *slog.Logger
	metrics   *metrics
	proxies   Proxies
	accessLog bool
	https     func() bool
	ignored   func(peer string)
	bodies    *bodylimit.Limiter
	refused   func(*http.Request) bool
}

// operations implements the contract's operations. It embeds one handler type for each resource, such as users or
// roles.
type operations struct {
	authHandlers
	userHandlers
	roleHandlers
	keyHandlers
	sessionHandlers
	mailHandlers
	settingsHandlers
	providerHandlers
	importHandlers
	activityHandlers
}

var _ wire.StrictServerInterface = (*operations)(nil)

// Handler is the handler for all requests to the listener of the API. It calls the mux that was given to [New], and
// adds request ids, common headers, logging, metrics and panic recovery.
type Handler struct {
	http.Handler
	server *server
}

// Wrap returns the handler for all requests to another listener. It calls next, and adds the same as [Handler]. A path
// that the mux next doesn't have gets a 404 answer.
func (h *Handler) Wrap(next *http.ServeMux) http.Handler {
	next.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.server.writeError(w, r, noRoute()) })
	return h.server.enter(next)
}

// Description returns a handler that serves the contract, in YAML.
func Description() http.Handler { return asset.New("application/yaml", api.OpenAPI) }

// New adds the operations of the contract to mux, and returns the handler for all requests of the listener. A path that
// neither mux nor Options.Pages has gets a 404 answer. New fails only if the contract can't be read.
func New(mux *http.ServeMux, o Options) (*Handler, error) {
	if o.Contract == nil {
		var err error
		if o.Contract, err = contract.Read(); err != nil {
			return nil, err
		}
	}
	if o.Bodies == nil {
		o.Bodies = bodylimit.New(bodylimit.MinTotal, time.Now)
	}
	if o.Refused == nil {
		o.Refused = func(*http.Request) bool { return false }
	}
	s := &server{
		auth: o.Accounts, log: o.Log, metrics: newMetrics(o.Metrics, o.Accounts.Lookups), proxies: o.Proxies,
		accessLog: o.AccessLog, https: o.HTTPS, ignored: o.IgnoredForwarding,
		bodies: o.Bodies, refused: o.Refused,
	}
	if s.https == nil {
		s.https = func() bool { return false }
	}
	if s.ignored == nil {
		s.ignored = func(string) {}
	}
	implementation := &operations{
		authHandlers:     authHandlers{o.Accounts},
		userHandlers:     userHandlers{o.Accounts},
		roleHandlers:     roleHandlers{o.Accounts},
		keyHandlers:      keyHandlers{o.Accounts},
		sessionHandlers:  sessionHandlers{o.Accounts},
		mailHandlers:     mailHandlers{o.Accounts},
		settingsHandlers: settingsHandlers{service: o.Accounts, version: o.Version},
		providerHandlers: providerHandlers{o.Accounts},
		importHandlers:   importHandlers{o.Accounts},
		activityHandlers: activityHandlers{o.Accounts},
	}
	router := &router{server: s, operations: o.Contract}
	wire.HandlerWithOptions(
		wire.NewStrictHandlerWithOptions(implementation, nil, wire.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  s.writeError, // never called, because package contract checks the input before
			ResponseErrorHandlerFunc: s.writeError,
		}),
		wire.StdHTTPServerOptions{BaseRouter: router, ErrorHandlerFunc: s.writeError},
	)
	if o.Pages == nil {
		mux.Handle("/", router)
	} else {
		mux.Handle("/api", router)
		mux.Handle("/api/", router)
		mux.Handle("/", o.Pages)
	}
	return &Handler{Handler: s.enter(mux), server: s}, nil
}
