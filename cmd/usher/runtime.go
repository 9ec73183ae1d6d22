package main

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// hashesAtOnce is how many passwords are hashed at once: as many as the process may use
// cores. It is asked before spread changes what the runtime says.
var hashesAtOnce = sync.OnceValue(func() int { return runtime.GOMAXPROCS(0) })

// spread prepares the runtime for requests beside hashes. A hash does not give way: Go's
// scheduler takes a core away from it after 10 ms at best, and looks for what has come
// over the network no more often where all are taken. With as many threads again, it is
// the kernel that shares the cores, and a request waits as it would beside another process.
// An operator who has set GOMAXPROCS knows better.
var spread = sync.OnceFunc(func() {
	if atOnce := hashesAtOnce(); os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * atOnce)
	}
})

// traffic counts requests.
type traffic struct{ begun, ended atomic.Uint64 }

// handler counts those that it passes on.
func (t *traffic) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.begun.Add(1)
		defer t.ended.Add(1)
		next.ServeHTTP(w, r)
	})
}

const (
	restTime    = 10 * time.Second // after how long without a request memory goes back to the system
	restLook    = 2 * time.Second  // how often is looked
	collectTime = 250 * time.Millisecond
	// garbage is how many bytes of it there may be at least before it is collected.
	garbage = 10 << 20
	// seldom is the most that the runtime is told to let the heap grow by, in percent.
	seldom = 400
)

// handBack gives memory back to the system whenever requests have come, and then none has
// for a while and none is under way, until ctx ends. forget lets go of what is remembered
// for them.
func handBack(ctx context.Context, t *traffic, forget func(context.Context)) {
	last, returned, idle := t.begun.Load(), uint64(0), time.Duration(0)
	every(ctx, restLook, func() {
		idle += restLook
		now := t.begun.Load()
		if now != last || now != t.ended.Load() {
			last, idle = now, 0
		}
		if idle >= restTime && now != returned {
			forget(ctx)
			debug.FreeOSMemory()
			letGoOfPages()
			returned = now
		}
	})
}

// collect says how often garbage is collected, by how much of the heap is in use, until
// ctx ends. The runtime goes by a percentage of that, and would collect the few MB of a
// small server fifty times a second under load. An operator who has set GOGC knows better.
func collect(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	before := 0
	every(ctx, collectTime, func() {
		metrics.Read(live)
		if percent := collectAt(live[0].Value.Uint64()); percent != before {
			debug.SetGCPercent(percent)
			before = percent
		}
	})
}

// collectAt is by how many percent the heap may grow of which so many bytes are in use,
// in hundreds, so that it does not change all the time.
func collectAt(live uint64) int {
	percent := garbage * 100 / max(live, 1)
	return int(min(max(percent/100*100, 100), seldom))
}
