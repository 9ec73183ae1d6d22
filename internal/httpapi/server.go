package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/internal/asset"
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
	// Pages serves every path outside /api that the mux doesn't have. If Pages is nil, these paths get a 404 answer.
	Pages    http.Handler
	Contract contract.Operations // nil: New calls contract.Read
}

type server struct {
	auth      authenticator
	log       *slog.Logger
	metrics   *metrics
	proxies   Proxies
	accessLog bool
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

// New adds the API to mux: the operations of the contract and the contract itself at /openapi.yaml. It returns the
// handler for all requests of the server, which calls mux and adds request ids, logging, metrics and panic recovery. A
// path that neither mux nor Options.Pages has gets a 404 answer. New fails only if the contract can't be read.
func New(mux *http.ServeMux, o Options) (http.Handler, error) {
	if o.Contract == nil {
		var err error
		if o.Contract, err = contract.Read(); err != nil {
			return nil, err
		}
	}
	s := &server{
		auth: o.Accounts, log: o.Log, metrics: newMetrics(o.Metrics, o.Accounts.Lookups), proxies: o.Proxies,
		accessLog: o.AccessLog,
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
	mux.Handle("GET /openapi.yaml", asset.New("application/yaml", api.OpenAPI))
	if o.Pages == nil {
		mux.Handle("/", router)
	} else {
		mux.Handle("/api", router)
		mux.Handle("/api/", router)
		mux.Handle("/", o.Pages)
	}
	return s.enter(mux), nil
}
