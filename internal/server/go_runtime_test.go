package server

import (
	"runtime/debug"
	"testing"
)

// TestSetGCPercent checks that the operator's GOGC takes precedence.
func TestSetGCPercent(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for gogc, want := range map[string]int{"": gcPercent, "50": 100} {
		debug.SetGCPercent(100)
		setGCPercent(func(name string) string { return map[string]string{"GOGC": gogc}[name] })
		if got := debug.SetGCPercent(100); got != want {
			t.Errorf("with GOGC=%q the value is %d, want %d", gogc, got, want)
		}
	}
}
