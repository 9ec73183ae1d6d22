package server

import (
	"math"
	"runtime/debug"
	"testing"
)

// TestLimitMemory checks that the operator's GOMEMLIMIT takes precedence.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for value, want := range map[string]int64{"": memoryLimit + 2*memoryLimitPerCore, "1GiB": math.MaxInt64} {
		debug.SetMemoryLimit(math.MaxInt64)
		limitMemory(func(name string) string { return map[string]string{"GOMEMLIMIT": value}[name] }, 2)
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("with GOMEMLIMIT=%q the limit is %d, want %d", value, got, want)
		}
	}
}
