package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

const (
	startTries = 3 // for each round: a start takes little time
	startPoll  = 500 * time.Microsecond
	startLimit = 30 * time.Second
)

// starts measures the time from the start of the process to its first answer.
func starts(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, err := b.copy(ctx)
	if err != nil {
		return r, err
	}
	defer func() { _ = b.engine.drop(context.Background(), d) }()
	once := *b
	once.settings.rounds *= startTries
	r, err = once.rounds(ctx,
		func(ctx context.Context, _ time.Duration) (sample, error) {
			return firstAnswer(ctx, "/readyz", func(address string) (*process, error) {
				p := usherCommand(ctx, b.settings.usher, d, address)
				return p, p.cmd.Start()
			})
		},
		func(ctx context.Context, _ time.Duration) (sample, error) {
			return firstAnswer(ctx, "/", func(address string) (*process, error) {
				p, err := bareCommand(ctx, bareServer)
				if err != nil {
					return nil, err
				}
				in, err := p.cmd.StdinPipe()
				if err != nil {
					return nil, err
				}
				if err := p.cmd.Start(); err != nil {
					return nil, err
				}
				return p, json.NewEncoder(in).Encode(bareOrders{Listen: address})
			})
		},
		func(usher, other sample) float64 { return milliseconds(usher) - milliseconds(other) })
	r.show = took
	return r, err
}

// firstAnswer starts a server, asks until it answers 200, and stops it.
func firstAnswer(ctx context.Context, path string, start func(address string) (*process, error)) (s sample, err error) {
	address, err := freeAddress()
	if err != nil {
		return s, err
	}
	begun := time.Now()
	p, err := start(address)
	if err != nil {
		return s, err
	}
	defer p.stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			return s, err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				cpu, _ := p.cpu()
				return sample{done: 1, took: time.Since(begun), cpu: cpu}, nil
			}
		}
		if time.Since(begun) > startLimit {
			return s, fmt.Errorf("no answer after %s", startLimit)
		}
		time.Sleep(startPoll)
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// rest measures the memory of a server that was asked for this and that, and is not any
// more.
func rest(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.away(d, usher)
	credential, err := work.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}
	for _, request := range []work.Request{work.Whoami(credential), work.User(credential, d.users), work.List(credential)} {
		s := &clients{server: usher, conns: 4, request: request}
		if _, err := s.closed(ctx, b.time/warmUp); err != nil {
			return r, err
		}
	}
	for range 4 { // until connections that nobody needs are closed
		if err := settle(ctx); err != nil {
			return r, err
		}
	}
	for range b.settings.rounds {
		if err := settle(ctx); err != nil {
			return r, err
		}
		r.values = append(r.values, resident(usher.pid())/mebi)
	}
	return r, nil
}

// binary tells how large the program is.
func binary(_ context.Context, b *bench, _ row) (r result, err error) {
	info, err := os.Stat(b.settings.usher)
	if err == nil {
		r.values = []float64{float64(info.Size()) / mebi}
	}
	return r, err
}
