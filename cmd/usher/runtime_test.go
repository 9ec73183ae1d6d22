package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A small heap is collected seldom, a large one as the runtime does it.
func TestCollectAt(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 4 << 20: 200, 8 << 20: 100, 1 << 30: 100} {
		if got := collectAt(live); got != want {
			t.Errorf("with %d bytes in use: %d percent, want %d", live, got, want)
		}
	}
}

// What is remembered is let go of once after requests, when none has come for a while and
// none is under way.
func TestHandBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var requests traffic
		forgotten := 0
		go handBack(ctx, &requests, func(context.Context) { forgotten++ })
		for _, step := range []struct {
			what         string
			begun, ended uint64
			wait         time.Duration
			want         int
		}{
			{"nobody has asked", 0, 0, time.Minute, 0},
			{"a request is under way", 1, 0, time.Minute, 0},
			{"it is over", 0, 1, restTime - 2*restLook, 0},
			{"another one came", 1, 1, restTime - restLook, 0},
			{"a while has passed", 0, 0, 2 * restLook, 1},
			{"nobody has asked since", 0, 0, time.Minute, 1},
			{"one came and went", 1, 1, restTime + restLook, 2},
		} {
			requests.begun.Add(step.begun)
			requests.ended.Add(step.ended)
			time.Sleep(step.wait)
			synctest.Wait()
			if forgotten != step.want {
				t.Errorf("%s: it was let go of %d times, want %d", step.what, forgotten, step.want)
			}
		}
	})
}
