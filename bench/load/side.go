package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// maxRequests bounds one window.
const maxRequests = 500_000

// side is one of the servers that are compared, asked for one kind of work.
type side struct {
	name    string
	server  *process
	status  int
	request func() []byte // makes the next request; many goroutines call it
	windows []window      // one a round
}

// window is what was measured of one side in one round.
type window struct {
	took      time.Duration
	cpu       float64         // seconds that the server took of it
	latencies []time.Duration // of every request
}

// rate is the requests answered in a second.
func (w window) rate() float64 { return float64(len(w.latencies)) / w.took.Seconds() }

// window asks the server on all connections for so long. A request that is under
// way at the end is waited for and counts, so there is one for each connection
// at least.
func (s *side) window(ctx context.Context, conns int, length time.Duration) (w window, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var left atomic.Int64
	left.Store(maxRequests)
	latencies := make([][]time.Duration, conns)
	cpu, start := cpuSeconds(s.server.cmd.Process.Pid), time.Now()
	var clients sync.WaitGroup
	for i := range conns {
		clients.Go(func() {
			var err error
			latencies[i], err = s.ask(ctx, start.Add(length), &left)
			if err != nil {
				cancel(err)
			}
		})
	}
	clients.Wait()
	w = window{
		took: time.Since(start), cpu: cpuSeconds(s.server.cmd.Process.Pid) - cpu,
		latencies: slices.Concat(latencies...),
	}
	return w, context.Cause(ctx)
}

// ask sends one request after the other until the time is over or none is left.
func (s *side) ask(ctx context.Context, until time.Time, left *atomic.Int64) (latencies []time.Duration, err error) {
	c, err := work.Dial(ctx, s.server.address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	for begin := time.Now(); begin.Before(until) && left.Add(-1) >= 0; {
		if err := c.Ask(s.request(), s.status); err != nil {
			return nil, errors.Join(ctx.Err(), err)
		}
		end := time.Now()
		latencies = append(latencies, end.Sub(begin))
		begin = end
	}
	return latencies, nil
}
