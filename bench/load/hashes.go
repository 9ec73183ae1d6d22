package main

import (
	"context"
	"io"
	"math"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

const (
	newUsers = 1000 // of one request that creates users
	// probesPerSecond is how often whoami is asked for beside a storm of sign-ins, on
	// probeConns connections.
	probesPerSecond = 500
	probeConns      = 8
)

// signIns measures sign-ins of one user after the other beside bare hashes.
func signIns(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.away(d, usher)
	r, err = b.rounds(ctx, (&clients{server: usher, conns: manyConns, request: work.Login(d.users)}).closed,
		func(ctx context.Context, length time.Duration) (sample, error) {
			ctx, cancel := context.WithTimeout(ctx, length)
			defer cancel()
			return ofSelf(b.engine, func() (int, error) { return bare.HashUntil(ctx, math.MaxInt), nil })
		}, faster)
	r.show = aSecond
	return r, err
}

// creates measures requests that create many users beside as many bare hashes.
func creates(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.away(d, usher)
	credential, err := work.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}
	one := *b
	one.time = time.Nanosecond // one request is a round
	r, err = one.rounds(ctx, (&clients{server: usher, conns: 1, request: work.Create(credential, newUsers)}).closed,
		func(ctx context.Context, _ time.Duration) (sample, error) {
			return ofSelf(b.engine, func() (int, error) { return bare.HashUntil(ctx, newUsers) / newUsers, nil })
		}, faster)
	r.show = took
	return r, err
}

// storm measures whoami, at a steady rate, while more sign in than can be hashed, beside
// whoami at the same rate on a server that nobody signs in to, while a process hashes as
// much as the cores can.
func storm(ctx context.Context, b *bench, _ row) (r result, err error) {
	d, usher, err := b.serve(ctx)
	if err != nil {
		return r, err
	}
	defer b.away(d, usher)
	credential, err := work.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}
	burner, err := startBurner(ctx)
	if err != nil {
		return r, err
	}
	defer burner.stop()
	defer burner.signal(syscall.SIGCONT) // or it could not end
	probes := &clients{server: usher, conns: probeConns, request: work.Whoami(credential)}
	logins := &clients{server: usher, conns: manyConns, request: work.Login(d.users)}
	r, err = b.rounds(ctx,
		func(ctx context.Context, length time.Duration) (sample, error) {
			stormed := make(chan error, 1)
			go func() {
				_, err := logins.closed(ctx, length)
				stormed <- err
			}()
			s, err := probes.paced(ctx, length, probesPerSecond)
			if loginErr := <-stormed; err == nil {
				err = loginErr
			}
			return s, err
		},
		func(ctx context.Context, length time.Duration) (sample, error) {
			burner.signal(syscall.SIGCONT)
			defer burner.signal(syscall.SIGSTOP)
			return probes.paced(ctx, length, probesPerSecond)
		},
		func(usher, other sample) float64 { return p99(usher) / p99(other) })
	r.show = slowest
	return r, err
}

// startBurner starts a process that hashes on all cores, and stops it until it is
// signalled.
func startBurner(ctx context.Context) (*process, error) {
	p, err := bareCommand(ctx, bareHashes)
	if err != nil {
		return nil, err
	}
	in, err := p.cmd.StdinPipe() // it ends when this program does
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = io.Discard
	_ = in
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.signal(syscall.SIGSTOP)
	return p, nil
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }
