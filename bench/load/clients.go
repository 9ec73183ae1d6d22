package main

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// maxRequests bounds one sample.
const maxRequests = 1_000_000

// clients ask a server on connections that are kept, each for one thing after the
// other.
type clients struct {
	server  *process
	conns   int
	request work.Request
	journey journey      // instead of a request, where there is one
	most    int          // requests in a sample; 0: maxRequests
	asked   atomic.Int64 // requests made so far, in all rounds
}

// ask makes the next request.
func (c *clients) ask(conn *work.Conn) error {
	n := c.asked.Add(1) - 1
	if c.journey != nil {
		return c.journey(conn, n)
	}
	return conn.Ask(c.request, n)
}

// closed sends the next request on each connection as soon as the last is answered. A
// request that is under way at the end is waited for and counts, so there is one for
// each connection at least.
func (c *clients) closed(ctx context.Context, length time.Duration) (sample, error) {
	latencies := make([][]time.Duration, c.conns)
	s, err := c.server.of(func() (int, error) {
		until := time.Now().Add(length)
		var left atomic.Int64
		left.Store(int64(cmp.Or(c.most, maxRequests)))
		err := c.all(ctx, func(ctx context.Context, i int, conn *work.Conn) error {
			for begin := time.Now(); (begin.Before(until) || latencies[i] == nil) && left.Add(-1) >= 0; {
				if err := c.ask(conn); err != nil {
					return err
				}
				end := time.Now()
				latencies[i] = append(latencies[i], end.Sub(begin))
				begin = end
			}
			return nil
		})
		return count(latencies), err
	})
	s.latencies = sorted(latencies)
	return s, err
}

// paced sends so many requests a second, whether those before were answered or not, as
// long as a connection is free. A latency is from when the request was due: waiting for a
// connection is waiting too.
func (c *clients) paced(ctx context.Context, length time.Duration, perSecond float64) (sample, error) {
	latencies := make([][]time.Duration, c.conns)
	s, err := c.server.of(func() (int, error) {
		begin := time.Now()
		step := time.Duration(float64(time.Second) / perSecond)
		var next atomic.Int64
		err := c.all(ctx, func(ctx context.Context, i int, conn *work.Conn) error {
			for {
				due := begin.Add(time.Duration(next.Add(1)-1) * step)
				if due.Sub(begin) >= length {
					return nil
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Until(due)):
				}
				if err := c.ask(conn); err != nil {
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

// all runs f for each connection at once. The first failure ends all.
func (c *clients) all(ctx context.Context, f func(ctx context.Context, i int, conn *work.Conn) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var clients sync.WaitGroup
	for i := range c.conns {
		clients.Go(func() {
			if err := c.one(ctx, i, f); err != nil {
				cancel(err)
			}
		})
	}
	clients.Wait()
	return context.Cause(ctx)
}

func (c *clients) one(ctx context.Context, i int, f func(ctx context.Context, i int, conn *work.Conn) error) error {
	conn, err := work.Dial(ctx, c.server.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := f(ctx, i, conn); err != nil {
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
