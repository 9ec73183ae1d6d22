package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/asset"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

// Options are what the API is made of. All but Proxies and AccessLog are needed.
type Options struct {
	Accounts  *account.Service
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	Proxies   Proxies
	AccessLog bool // log every request, not only those that matter
}

type server struct {
	accounts  *account.Service
	log       *slog.Logger
	metrics   *metrics
	proxies   Proxies
	accessLog bool
}

// New adds the API to a mux: every operation of the contract, the contract itself
// at /openapi.yaml, and an answer for every path that nothing else has. It returns
// the mux behind what every request passes, whatever it is for.
func New(mux *http.ServeMux, o Options) (http.Handler, error) {
	operations, err := readContract()
	if err != nil {
		return nil, err
	}
	s := &server{
		accounts: o.Accounts, log: o.Log, metrics: newMetrics(o.Metrics), proxies: o.Proxies, accessLog: o.AccessLog,
	}
	for _, op := range operations {
		op.observe = s.metrics.observer(op.id)
	}
	r := &routes{server: s, operations: operations, methods: map[string]map[string]http.Handler{}}
	wire.HandlerWithOptions(
		wire.NewStrictHandlerWithOptions(handlers{s.accounts}, nil, wire.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  s.writeError, // a body that was checked can be decoded
			ResponseErrorHandlerFunc: s.writeError,
		}),
		wire.StdHTTPServerOptions{BaseRouter: r, ErrorHandlerFunc: s.writeError},
	)
	r.register(mux)
	mux.Handle("GET /openapi.yaml", asset.New("application/yaml", api.OpenAPI))
	mux.HandleFunc("/", r.ServeHTTP)
	return s.enter(mux), nil
}
