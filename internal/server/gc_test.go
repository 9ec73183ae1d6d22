package server

import (
	"math"
	"runtime/debug"
	"testing"
)

// TestTuneGC checks the settings of the garbage collector, and that GOGC and GOMEMLIMIT take
// precedence.
func TestTuneGC(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	for _, test := range []struct {
		name    string
		env     map[string]string
		percent int
		limit   int64
	}{
		{"nothing set", nil, gcPercent, gcMemory + 2*gcMemoryPerCore},
		{"GOGC set", map[string]string{"GOGC": "50"}, 100, gcMemory + 2*gcMemoryPerCore},
		{"GOMEMLIMIT set", map[string]string{"GOMEMLIMIT": "1GiB"}, gcPercent, math.MaxInt64},
	} {
		t.Run(test.name, func(t *testing.T) {
			debug.SetGCPercent(100)
			debug.SetMemoryLimit(math.MaxInt64)
			tuneGC(func(name string) string { return test.env[name] }, 2)
			if got := debug.SetGCPercent(100); got != test.percent {
				t.Errorf("GOGC is %d, want %d", got, test.percent)
			}
			if got := debug.SetMemoryLimit(-1); got != test.limit {
				t.Errorf("the memory limit is %d, want %d", got, test.limit)
			}
		})
	}
}
