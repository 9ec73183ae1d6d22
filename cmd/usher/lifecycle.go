package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// ready tells a load balancer whether to send requests here. A database that can
// only be read, because its disk is full say, is as ready as it gets: every other
// server has the same one, and were all of them taken out, nothing would be
// answered any more.
func (p *program) ready(w http.ResponseWriter, r *http.Request) {
	if p.draining.Load() {
		http.Error(w, "ending", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	trouble := p.store.Trouble()
	switch err := p.store.Ping(ctx); {
	case err != nil:
		p.log.Warn("not ready", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
	case trouble != nil:
		fmt.Fprintln(w, "ready to be read; changes are refused:", trouble.Message)
	default:
		fmt.Fprintln(w, "ready")
	}
}

// Run serves until ctx ends. Then it says that it is not ready, goes on for as long
// as the settings say, takes no new requests, and lets those under way end.
func (p *program) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var work sync.WaitGroup
	for range mailWorkers {
		work.Go(func() { p.worker.Run(background) })
	}
	work.Go(func() { p.sweep(background) })
	work.Go(func() { p.seal(background) })
	work.Go(func() { p.hear(background) })
	work.Go(func() { p.retell(background) })
	work.Go(func() { p.watch(background) })
	work.Go(func() { handBack(background, &p.traffic, p.rest) })
	work.Go(func() { collect(background) })

	served := make(chan error, 1)
	go func() { served <- p.server.Serve(p.listener) }()
	p.log.Info("listening", "url", p.URL.String(), "database", p.store.Place())

	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		err = p.drain(background)
		<-served
	}
	stop()
	work.Wait()
	return err
}

// drain tells load balancers that the server ends, gives them time to notice, and
// then waits for the requests under way.
func (p *program) drain(ctx context.Context) error {
	p.draining.Store(true)
	p.log.Info("ending: not ready any more", "serving_for", p.settings.ShutdownDelay.String())
	<-time.After(p.settings.ShutdownDelay)
	p.log.Info("ending: waiting for requests under way")
	grace, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	return p.server.Shutdown(grace)
}

// every calls f, and again each time that so long has passed, until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// rest lets go of what is there to be quick, when nobody has asked for anything in a while.
func (p *program) rest(ctx context.Context) {
	p.accounts.DropCaches()
	if err := p.store.Rest(ctx); err != nil && ctx.Err() == nil {
		p.log.Debug("the database keeps its memory", "error", err)
	}
}

// sweep cleans the database up now and then.
func (p *program) sweep(ctx context.Context) {
	every(ctx, sweepTime, func() {
		if err := p.accounts.Sweep(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("the clean-up failed", "error", err)
		}
	})
}

// seal seals the entries of the activity log, and once more at the end. A failure
// that lasts is told once.
func (p *program) seal(ctx context.Context) {
	ticker := time.NewTicker(sealTime)
	defer ticker.Stop()
	told := ""
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-ticker.C:
		}
		err := p.accounts.SealActivity(context.WithoutCancel(ctx))
		switch {
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			p.log.Error("the activity log cannot be sealed", "error", err)
		}
	}
}

// hear has the accounts hear of what was changed elsewhere. A failure that lasts is
// told once; requests then read the database.
func (p *program) hear(ctx context.Context) {
	failures := 0
	every(ctx, auth.PollInterval, func() {
		switch err := p.accounts.PollInvalidations(ctx); {
		case ctx.Err() != nil: // it ends
		case err != nil:
			if failures++; failures == hearFailures {
				p.log.Warn("changes made elsewhere cannot be read; every request reads the database", "error", err)
			}
		default:
			if failures >= hearFailures {
				p.log.Info("changes made elsewhere are read again")
			}
			failures = 0
		}
	})
}

// retell has the accounts tell again of changes that nobody may have heard of.
func (p *program) retell(ctx context.Context) {
	every(ctx, auth.RetryInterval, func() {
		if err := p.accounts.RetryInvalidations(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("other servers may not have heard of a change", "error", err)
		}
	})
}
