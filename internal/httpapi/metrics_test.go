package httpapi_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// TestMetrics checks that requests are counted by operation and status class, such as 2xx. No label may contain text
// from a client.
func TestMetrics(t *testing.T) {
	f := newFixture(t)
	f.do(call{path: "/api/users/1", token: f.admin})
	f.do(call{path: "/api/users/999", token: f.admin})
	f.do(call{path: "/api/users/998", token: f.admin})
	f.do(call{path: "/secret-path"})
	f.do(call{method: "SECRET", path: "/api/users"})
	if err := f.accounts.PollInvalidations(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.do(call{path: "/api/users", token: f.admin})
	}
	text := f.exposition()
	for _, want := range []string{
		`usher_http_requests_total{operation="apiUsersIdGet",status="2xx"} 1`,
		`usher_http_requests_total{operation="apiUsersIdGet",status="4xx"} 2`,
		`usher_http_requests_total{operation="none",status="4xx"} 2`,
		`usher_http_request_seconds_count{operation="apiUsersIdGet"} 3`,
		`usher_credential_lookups_total{outcome="stale"} 3`,
		`usher_credential_lookups_total{outcome="miss"} 1`,
		`usher_credential_lookups_total{outcome="hit"} 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(strings.ToLower(text), "secret") {
		t.Error("the metrics have text of a client")
	}
	if got, want := strings.Count(text, "usher_http_requests_total{"), 6*(len(operations(t))+1); got != want {
		t.Errorf("there are %d counters, want %d", got, want)
	}
}

// exposition returns all metrics as text in the Prometheus format, as /metrics does.
func (f *fixture) exposition() string {
	metrics := &fixture{handler: promhttp.HandlerFor(f.metrics, promhttp.HandlerOpts{})}
	return metrics.do(call{path: "/metrics"}).body
}
