package server

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/connlimit"
)

// TestConnectionLimits checks the limits of connections for settings and numbers of file descriptors.
func TestConnectionLimits(t *testing.T) {
	tests := []struct {
		name              string
		total, perNetwork int // settings; 0: not set
		descriptors       int
		want              connlimit.Limits
		fails             bool
	}{
		{name: "many descriptors", descriptors: 1 << 20,
			want: connlimit.Limits{Total: 8192, PerNetwork: 256, Excess: 128}},
		{name: "few descriptors", descriptors: 1024, want: connlimit.Limits{Total: 768, PerNetwork: 96, Excess: 96}},
		{name: "very few descriptors", descriptors: 64, want: connlimit.Limits{Total: 48, PerNetwork: 6, Excess: 8}},
		{name: "set", total: 20_000, perNetwork: 5000, descriptors: 1 << 20,
			want: connlimit.Limits{Total: 20_000, PerNetwork: 5000, Excess: 128}},
		{name: "more for a network than in total", total: 100, perNetwork: 200, descriptors: 1 << 20,
			want: connlimit.Limits{Total: 100, PerNetwork: 100, Excess: 12}},
		{name: "more than descriptors", total: 1000, descriptors: 1024, fails: true},
	}
	for _, test := range tests {
		settings := &config.Server{MaxConnections: test.total, MaxConnectionsPerNetwork: test.perNetwork}
		got, err := connectionLimits(settings, test.descriptors)
		if (err != nil) != test.fails || err == nil && got != test.want {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
}
