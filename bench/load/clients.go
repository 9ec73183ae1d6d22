package main

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
)

const (
	// busyConns is the number of connections, which is high enough to keep a server busy.
	busyConns = 32
	// maxRequests is the maximum number of requests in one sample.
	maxRequests = 1_000_000
)

// clients send requests to a server on persistent connections. A connection has at most one request in flight.
type clients struct {
	server   *process
	conns    int
	request  requests.Request
	scenario scenario     // runs instead of request if it is not nil
	limit    int          // maximum number of requests in one sample; 0: maxRequests
	sent     atomic.Int64 // requests so far, in all samples
}

// next sends the next request, or runs the next scenario.
func (c *clients) next(conn *requests.Conn) error {
	n := c.sent.Add(1) - 1
	if c.scenario != nil {
		return c.scenario(conn, n)
	}
	return conn.Do(c.request, n)
}

// closedLoop sends the next request on each connection as soon as the previous response has arrived. At the end it
// waits for the requests in flight and counts them, so each connection completes at least one request.
func (c *clients) closedLoop(ctx context.Context, length time.Duration) (sample, error) {
	latencies := make([][]time.Duration, c.conns)
	s, err := c.server.sample(func() (int, error) {
		until := time.Now().Add(length)
		var left atomic.Int64
		left.Store(int64(cmp.Or(c.limit, maxRequests)))
		err := c.each(ctx, func(ctx context.Context, i int, conn *requests.Conn) error {
			for start := time.Now(); (start.Before(until) || latencies[i] == nil) && left.Add(-1) >= 0; {
				if err := c.next(conn); err != nil {
					return err
				}
				end := time.Now()
				latencies[i] = append(latencies[i], end.Sub(start))
				start = end
			}
			return nil
		})
		return count(latencies), err
	})
	s.latencies = sorted(latencies)
	return s, err
}

// constantRate sends perSecond requests a second, whether or not responses to earlier requests have arrived. The
// latency of a request is counted from the time when the request is due, so it includes the wait for a free connection.
// Without that wait, slow responses would hide the latency of later requests (coordinated omission).
func (c *clients) constantRate(ctx context.Context, length time.Duration, perSecond float64) (sample, error) {
	latencies := make([][]time.Duration, c.conns)
	s, err := c.server.sample(func() (int, error) {
		start := time.Now()
		interval := time.Duration(float64(time.Second) / perSecond)
		var next atomic.Int64
		err := c.each(ctx, func(ctx context.Context, i int, conn *requests.Conn) error {
			for {
				due := start.Add(time.Duration(next.Add(1)-1) * interval)
				if due.Sub(start) >= length {
					return nil
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Until(due)):
				}
				if err := c.next(conn); err != nil {
					return err
				}
				latencies[i] = append(latencies[i], time.Since(due))
			}
		})
		return count(latencies), err
	})
	s.latencies = sorted(latencies)
	return s, err
}

// each calls f concurrently, once for each connection. The first error cancels the other calls and is returned.
func (c *clients) each(ctx context.Context, f func(ctx context.Context, i int, conn *requests.Conn) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var conns sync.WaitGroup
	for i := range c.conns {
		conns.Go(func() {
			err := c.withConn(ctx, func(conn *requests.Conn) error { return f(ctx, i, conn) })
			if err != nil {
				cancel(err)
			}
		})
	}
	conns.Wait()
	return context.Cause(ctx)
}

// withConn calls f with a new connection. The connection is closed when f returns or ctx ends.
func (c *clients) withConn(ctx context.Context, f func(*requests.Conn) error) error {
	conn, err := requests.Dial(ctx, c.server.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := f(conn); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

func count(latencies [][]time.Duration) (n int) {
	for _, l := range latencies {
		n += len(l)
	}
	return n
}
