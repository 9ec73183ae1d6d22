package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/internal/asset"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// Options are what the API is made of. All but Proxies, AccessLog, Version, Pages and
// Contract are needed.
type Options struct {
	Accounts  *service.Service
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	Proxies   Proxies
	AccessLog bool   // log every request, not only those that matter
	Version   string // of the program, as anybody may know it
	// Pages answer what neither the API nor anything else of the mux has; nil: the API
	// says that it is not there.
	Pages    http.Handler
	Contract Contract // nil: it is read
}

type server struct {
	accounts  *service.Service
	log       *slog.Logger
	metrics   *metrics
	proxies   Proxies
	accessLog bool
}

// New adds the API to a mux: the contract at /openapi.yaml, and every operation of
// it, and an answer for every other path that neither the mux nor the pages have. It
// returns the mux behind what every request passes, whatever it is for.
func New(mux *http.ServeMux, o Options) (http.Handler, error) {
	operations := o.Contract
	if operations == nil {
		var err error
		if operations, err = ReadContract(); err != nil {
			return nil, err
		}
	}
	s := &server{
		accounts: o.Accounts, log: o.Log, metrics: newMetrics(o.Metrics, o.Accounts.Lookups), proxies: o.Proxies, accessLog: o.AccessLog,
	}
	for _, op := range operations {
		op.observe = s.metrics.observer(op.id)
	}
	r := &routes{server: s, operations: operations}
	wire.HandlerWithOptions(
		wire.NewStrictHandlerWithOptions(handlers{accounts: s.accounts, version: o.Version}, nil, wire.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  s.writeError, // a body or a query that was checked can be decoded
			ResponseErrorHandlerFunc: s.writeError,
		}),
		wire.StdHTTPServerOptions{BaseRouter: r, ErrorHandlerFunc: s.writeError},
	)
	mux.Handle("GET /openapi.yaml", asset.New("application/yaml", api.OpenAPI))
	if o.Pages == nil {
		mux.Handle("/", r)
	} else {
		mux.Handle("/api", r)
		mux.Handle("/api/", r)
		mux.Handle("/", o.Pages)
	}
	return s.enter(mux), nil
}
