package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
)

const (
	startsPerRound = 3 // several, because one start takes little time
	startPoll      = 500 * time.Microsecond
	// idleTime is longer than an idle server takes to release unneeded memory.
	idleTime = 4 * time.Second
	mega     = 1e6
)

// startTime measures the time from the start of the process to its first response, in milliseconds.
func startTime(ctx context.Context, b *bench) (r result, err error) {
	d, err := b.copyBase(ctx)
	if err != nil {
		return r, err
	}
	defer b.drop(d)
	more := *b
	more.settings.rounds *= startsPerRound
	r, err = more.rounds(ctx,
		func(ctx context.Context, _ time.Duration) (sample, error) {
			return firstAnswer(ctx, "/readyz", func(address string) (*process, error) {
				p := usherCommand(ctx, b.usher, d, address)
				return p, p.cmd.Start()
			})
		},
		func(ctx context.Context, _ time.Duration) (sample, error) {
			return firstAnswer(ctx, "/", func(address string) (*process, error) {
				p, stdin, err := baselineCommand(ctx, baselineServer)
				if err != nil {
					return nil, err
				}
				if err := p.cmd.Start(); err != nil {
					return nil, err
				}
				return p, json.NewEncoder(stdin).Encode(baselineConfig{Listen: address})
			})
		},
		func(usher, _ sample) float64 { return milliseconds(usher) })
	r.format = formatTime
	return r, err
}

// firstAnswer starts a server, polls path until the server responds with status 200, and stops the server.
func firstAnswer(
	ctx context.Context, path string, start func(address string) (*process, error),
) (s sample, err error) {
	address, err := freeAddress()
	if err != nil {
		return s, err
	}
	started := time.Now()
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
				cpu, _ := p.cpuSeconds()
				return sample{done: 1, elapsed: time.Since(started), cpuSeconds: cpu}, nil
			}
		}
		if time.Since(started) > startTimeout {
			return s, fmt.Errorf("the server gave no answer within %s", startTimeout)
		}
		time.Sleep(startPoll)
	}
}

// freeAddress returns an address of 127.0.0.1 with a port that is free.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// idleMemory measures the resident memory of a server that has served reads and then become idle.
func idleMemory(ctx context.Context, b *bench) (r result, err error) {
	d, usher, credential, err := b.serveSignedIn(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	for _, request := range []requests.Request{
		requests.Whoami(credential), requests.User(credential, d.Users), requests.List(credential),
	} {
		c := &clients{server: usher, conns: 4, request: request}
		if _, err := c.closedLoop(ctx, b.time/warmUpDivisor); err != nil {
			return r, err
		}
	}
	for range 4 { // waits until the server has closed the idle connections
		if err := awaitIdle(ctx); err != nil {
			return r, err
		}
	}
	for range b.settings.rounds {
		if err := awaitIdle(ctx); err != nil {
			return r, err
		}
		r.values = append(r.values, procfs.ResidentBytes(usher.pid())/mebi)
	}
	return r, nil
}

// binarySize measures the size of Usher's binary.
func binarySize(_ context.Context, b *bench) (r result, err error) {
	info, err := os.Stat(b.usher)
	if err == nil {
		r.values = []float64{float64(info.Size()) / mega}
	}
	return r, err
}

// awaitIdle waits for idleTime, in which an idle server releases unneeded memory.
func awaitIdle(ctx context.Context) error { return wait(ctx, idleTime) }

func wait(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}
