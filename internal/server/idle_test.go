package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestReleaseIdleMemory checks that memory is released once after requests: when none is running and none has begun for
// idleMemoryDelay.
func TestReleaseIdleMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var requests requestCounter
		releases := 0
		go onIdle(ctx, &requests, func() { releases++ })
		for _, step := range []struct {
			name         string
			begun, ended uint64
			wait         time.Duration
			want         int
		}{
			{"no request yet", 0, 0, time.Minute, 0},
			{"a request is under way", 1, 0, time.Minute, 0},
			{"it is over", 0, 1, idleMemoryDelay - 2*idleCheckInterval, 0},
			{"another one", 1, 1, idleMemoryDelay - idleCheckInterval, 0},
			{"the server is idle", 0, 0, 2 * idleCheckInterval, 1},
			{"no request since", 0, 0, time.Minute, 1},
			{"one more request", 1, 1, idleMemoryDelay + idleCheckInterval, 2},
		} {
			requests.begun.Add(step.begun)
			requests.ended.Add(step.ended)
			time.Sleep(step.wait)
			synctest.Wait()
			if releases != step.want {
				t.Errorf("%s: memory was released %d times, want %d", step.name, releases, step.want)
			}
		}
	})
}
