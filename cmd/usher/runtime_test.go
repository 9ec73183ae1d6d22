package main

import "testing"

// A small heap is collected seldom, a large one as the runtime does it.
func TestCollectAt(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 4 << 20: 200, 8 << 20: 100, 1 << 30: 100} {
		if got := collectAt(live); got != want {
			t.Errorf("with %d bytes in use: %d percent, want %d", live, got, want)
		}
	}
}
