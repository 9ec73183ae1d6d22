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
	outside   http.Handler // answers what is no operation
}

// Register adds the API to a mux: every operation of the contract, the contract
// itself at /openapi.yaml, and an answer for every path that nothing else has.
func Register(mux *http.ServeMux, o Options) error {
	operations, err := readContract()
	if err != nil {
		return err
	}
	s := &server{
		accounts: o.Accounts, log: o.Log, metrics: newMetrics(o.Metrics), proxies: o.Proxies, accessLog: o.AccessLog,
	}
	s.outside = s.enter(nil, http.HandlerFunc(s.notFound))
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
	mux.Handle("/", s.outside)
	return nil
}

// notFound answers a path that nothing serves, or, where the header Allow is set
// already, a method that its path has not.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("Allow") != "" {
		s.writeError(w, r, methodNotAllowed())
		return
	}
	s.writeError(w, r, noRoute())
}
