package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-3a99a2fe/usher/internal/apidocs"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/contract"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

// readyTimeout is how long /readyz waits for the database to answer.
const readyTimeout = 2 * time.Second

// handlers returns the handlers of both listeners. The public one serves API, console and health. Metrics and the API
// documentation, which only operators need, are on the admin listener if there is one, and else public too. admin is nil
// without an admin listener. readContract returns the parsed OpenAPI description of the API.
func (s *Server) handlers(
	readContract func() (contract.Operations, error),
) (public, admin http.Handler, err error) {
	parsed, err := readContract()
	if err != nil {
		return nil, nil, err
	}
	registry := s.metrics()
	proxies := s.proxies()
	pages := console.New(console.Options{
		Accounts:      s.accounts,
		Recovery:      s.accounts,
		ClientNetwork: proxies.ClientNetwork,
		Logger:        s.log,
		PublicURL:     s.accounts.PublicURL,
		TrustsProxies: len(proxies) > 0,
		IgnoredPeer:   s.forwarding.ignoredPeer,
	})
	mux := http.NewServeMux()
	s.addHealth(mux)
	operators := mux
	if s.settings.AdminListen != "" {
		operators = http.NewServeMux()
		s.addHealth(operators)
	}
	docs := apidocs.Handler()
	operators.Handle("/docs", docs)
	operators.Handle("/docs/", docs)
	operators.Handle("GET /openapi.yaml", httpapi.Description())
	if s.settings.Metrics {
		operators.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	}
	all, err := httpapi.New(mux, httpapi.Options{
		Accounts:          s.accounts,
		Log:               s.log,
		Metrics:           registry,
		Proxies:           proxies,
		AccessLog:         s.settings.AccessLog,
		Version:           s.version,
		HTTPS:             s.https.Load,
		IgnoredForwarding: s.ignoredForwarding,
		Pages:             pages,
		Contract:          parsed,
		Bodies:            s.bodies,
		Refused:           refused,
	})
	if err != nil {
		return nil, nil, err
	}
	if operators != mux {
		admin = s.requests.count(all.Wrap(operators))
	}
	return s.requests.count(closeExcess(all)), admin, nil
}

// addHealth adds the paths that load balancers and service managers poll. Each listener has them.
func (s *Server) addHealth(mux *http.ServeMux) {
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET "+readyPath, s.ready)
}

// proxies returns the networks of the trusted proxies.
func (s *Server) proxies() (proxies httpapi.Proxies) {
	for _, network := range s.settings.TrustedProxies {
		proxies = append(proxies, network.Prefix)
	}
	return proxies
}

// metrics returns a registry with the metrics of the process, of its connections and request bodies, and whether the
// database stores changes.
func (s *Server) metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_changes_refused", Help: "1 while the database does not store changes, else 0.",
		}, func() float64 {
			if s.store.WriteFailure() != nil {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_connections", Help: "Open connections of clients.",
		}, func() float64 {
			open, _ := s.conns.Counts()
			return float64(open)
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "usher_connections_refused_total", Help: "Connections over the limits.",
		}, func() float64 {
			_, total := s.conns.Counts()
			return float64(total)
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_body_bytes", Help: "Bytes of request bodies in memory, without the first 4 KiB of each.",
		}, func() float64 { return float64(s.bodies.Used()) }))
	return registry
}

// ready answers GET /readyz, which load balancers poll. A server whose database can only be read, for example because
// its disk is full, still reports that it is ready. All servers share that database, so if none were ready, users could
// not even read.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		http.Error(w, "ending", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	writeFailure := s.store.WriteFailure()
	switch err := s.store.Ping(ctx); {
	case err != nil:
		s.log.Warn("not ready", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
	case writeFailure != nil:
		fmt.Fprintln(w, "ready to be read; changes are refused:", writeFailure.Message)
	default:
		fmt.Fprintln(w, "ready")
	}
}
