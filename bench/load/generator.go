package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// hashed is what stands before a path of the bare server that hashes as many
// passwords as Usher does, and then gives the same answer.
const hashed = "/hashed"

// warmUp is the part of a round that runs before the first one and is not
// counted.
const warmUp = 5

// generator has an Usher to measure.
type generator struct {
	settings
	data  string // its directory
	usher *process
	token string // of the administrator's session
	asked atomic.Int64
}

// newGenerator makes a database in a temporary directory and starts Usher on it.
func newGenerator(ctx context.Context, s settings) (*generator, error) {
	g := &generator{settings: s}
	if err := g.start(ctx); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *generator) start(ctx context.Context) (err error) {
	if g.data, err = os.MkdirTemp("", "usher-load-"); err != nil {
		return err
	}
	data, err := seed.New(ctx, g.data, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	if g.usher, err = startUsher(ctx, g.settings.usher, g.data, data.Key); err != nil {
		return err
	}
	g.token, err = work.SignIn(ctx, g.usher.address)
	return err
}

func (g *generator) close() {
	if g.usher != nil {
		g.usher.stop()
	}
	_ = os.RemoveAll(g.data)
}

// result is what was measured of one kind of work: of Usher first, then of what
// it is beside.
type result struct {
	kind  work.Kind
	sides []*side
}

// measure measures one kind of work, the sides in turn in each round.
func (g *generator) measure(ctx context.Context, kind work.Kind, rounds, conns int) (r result, err error) {
	fresh := kind.Requests(g.token)
	answer, err := g.record(ctx, kind, fresh)
	if err != nil {
		return r, err
	}
	beside := []bare.Answer{answer}
	names := []string{"the same bytes"}
	if kind.Hashes > 0 {
		withHash := answer
		withHash.Path, withHash.Hashes = hashed+kind.Path, kind.Hashes
		beside, names = append(beside, withHash), append(names, "the hash and the same bytes")
	}
	server, err := startBare(ctx, beside...)
	if err != nil {
		return r, err
	}
	defer server.stop()

	r = result{kind, []*side{{
		name: "usher", server: g.usher, status: kind.Status,
		request: func() []byte { return fresh(int(g.asked.Add(1))) },
	}}}
	for i, a := range beside {
		other := kind
		other.Path = a.Path
		same := other.Requests(g.token)(0)
		r.sides = append(r.sides, &side{
			name: names[i], server: server, status: a.Status, request: func() []byte { return same },
		})
	}
	return r, g.rounds(ctx, r, rounds, conns)
}

// record asks Usher once and keeps the answer for the bare server.
func (g *generator) record(ctx context.Context, kind work.Kind, request func(int) []byte) (bare.Answer, error) {
	c, err := work.Dial(ctx, g.usher.address)
	if err != nil {
		return bare.Answer{}, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	response, body, err := c.Answer(request(int(g.asked.Add(1))), kind.Status)
	if err != nil {
		return bare.Answer{}, errors.Join(ctx.Err(), err)
	}
	return bare.Record(kind.Path, response, body), nil
}

func (g *generator) rounds(ctx context.Context, r result, rounds, conns int) error {
	if r.kind.Hashes <= 1 { // a bulk create has warmed up while it was recorded
		for _, s := range r.sides {
			if _, err := s.window(ctx, conns, g.time/warmUp); err != nil {
				return err
			}
		}
	}
	for range rounds {
		for _, s := range r.sides {
			w, err := s.window(ctx, conns, g.time)
			if err != nil {
				return err
			}
			s.windows = append(s.windows, w)
		}
	}
	return nil
}
