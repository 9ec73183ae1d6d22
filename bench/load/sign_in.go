package main

import (
	"context"
	"io"
	"math"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/baseline"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
)

const (
	newUsers = 1000 // number of users that one request creates
	// probesPerSecond and probeConns are the rate and the connections of whoami requests while sign-ins occupy all
	// hash slots.
	probesPerSecond = 500
	probeConns      = 8
)

// signIns compares sign-ins of different users with the same number of hashes alone.
func signIns(ctx context.Context, b *bench) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	r, err = b.rounds(ctx, (&clients{server: usher, conns: busyConns, request: requests.SignIns(d.Users)}).closedLoop,
		func(ctx context.Context, length time.Duration) (sample, error) {
			ctx, cancel := context.WithTimeout(ctx, length)
			defer cancel()
			return sampleSelf(b.engine, func() (int, error) { return baseline.HashUntil(ctx, math.MaxInt), nil })
		}, rateRatio)
	r.format = formatRate
	return r, err
}

// createUsers compares requests that create many users with the same number of hashes alone.
func createUsers(ctx context.Context, b *bench) (r result, err error) {
	d, usher, credential, err := b.serveSignedIn(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	oneRequest := *b
	oneRequest.time = time.Nanosecond // so short that a round is one request
	r, err = oneRequest.rounds(ctx,
		(&clients{server: usher, conns: 1, request: requests.Create(credential, newUsers)}).closedLoop,
		func(ctx context.Context, _ time.Duration) (sample, error) {
			return sampleSelf(b.engine, func() (int, error) {
				return baseline.HashUntil(ctx, newUsers) / newUsers, nil
			})
		}, rateRatio)
	r.format = formatTime
	return r, err
}

// whoamiDuringSignIns measures whoami at a constant rate while sign-ins keep all hash slots busy. In the baseline,
// whoami has the same rate, and another process computes hashes on all cores.
func whoamiDuringSignIns(ctx context.Context, b *bench) (r result, err error) {
	d, usher, credential, err := b.serveSignedIn(ctx)
	if err != nil {
		return r, err
	}
	defer b.shutDown(d, usher)
	hasher, err := startHasher(ctx)
	if err != nil {
		return r, err
	}
	defer hasher.stop()
	defer hasher.signal(syscall.SIGCONT) // a suspended process can't handle SIGTERM
	probes := &clients{server: usher, conns: probeConns, request: requests.Whoami(credential)}
	logins := &clients{server: usher, conns: busyConns, request: requests.SignIns(d.Users)}
	r, err = b.rounds(ctx,
		func(ctx context.Context, length time.Duration) (sample, error) {
			loginsDone := make(chan error, 1)
			go func() {
				_, err := logins.closedLoop(ctx, length)
				loginsDone <- err
			}()
			s, err := probes.constantRate(ctx, length, probesPerSecond)
			if loginErr := <-loginsDone; err == nil {
				err = loginErr
			}
			return s, err
		},
		func(ctx context.Context, length time.Duration) (sample, error) {
			hasher.signal(syscall.SIGCONT)
			defer hasher.signal(syscall.SIGSTOP)
			return probes.constantRate(ctx, length, probesPerSecond)
		}, p99Ratio)
	r.format = formatP99
	return r, err
}

// startHasher starts a process that computes hashes on all cores, and suspends it with SIGSTOP.
func startHasher(ctx context.Context) (*process, error) {
	p, _, err := baselineCommand(ctx, baselineHashes)
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = io.Discard
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.signal(syscall.SIGSTOP)
	return p, nil
}
