package httpapi

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// metrics are the Prometheus counters of requests and credential lookups. The counters of each operation are looked up
// by their labels once, when the server starts, not for each request.
type metrics struct {
	requests        *prometheus.CounterVec
	seconds         *prometheus.HistogramVec
	observeUnrouted observer // for requests whose path is not in the contract
}

// observer counts one request of an operation by its status and records its duration.
type observer func(status int, took time.Duration)

// statusClasses are the values of the Prometheus label "status". The index is the first digit of the HTTP status.
var statusClasses = [6]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

func newMetrics(registry prometheus.Registerer, lookups func() auth.PrincipalLookups) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_http_requests_total", Help: "Requests by operation and class of status.",
		}, []string{"operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "usher_http_request_seconds", Help: "Time from the request's header to the answer's end, by operation.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation"}),
	}
	registry.MustRegister(m.requests, m.seconds)
	for outcome, count := range map[string]func(auth.PrincipalLookups) uint64{
		"hit":   func(l auth.PrincipalLookups) uint64 { return l.Hits },
		"miss":  func(l auth.PrincipalLookups) uint64 { return l.Misses },
		"stale": func(l auth.PrincipalLookups) uint64 { return l.Stale },
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "usher_credential_lookups_total", ConstLabels: prometheus.Labels{"outcome": outcome},
			Help: "Look-ups of credentials: from memory (hit), or from the database, for the first time in a while (miss) " +
				"or since changes made elsewhere cannot be read (stale).",
		}, func() float64 { return float64(count(lookups())) }))
	}
	m.observeUnrouted = m.observer("none")
	return m
}

// observer returns the observer that counts the requests of the operation with the name.
func (m *metrics) observer(name string) observer {
	var counters [len(statusClasses)]prometheus.Counter
	for i, class := range statusClasses {
		counters[i] = m.requests.WithLabelValues(name, class)
	}
	seconds := m.seconds.WithLabelValues(name)
	return func(status int, took time.Duration) {
		counters[min(max(status/100, 0), len(counters)-1)].Inc()
		seconds.Observe(took.Seconds())
	}
}

// observerOf returns the observer that counts a request with the route. A nil route means that the path is not in the
// contract.
func (m *metrics) observerOf(route *route) observer {
	if route == nil {
		return m.observeUnrouted
	}
	return route.observe
}
