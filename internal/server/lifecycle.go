package server

import (
	"context"
	"sync"
	"time"
)

const (
	shutdownTimeout = 15 * time.Second // how long a server that shuts down waits for running requests
	mailWorkers     = 4                // messages sent at the same time, so that a slow one doesn't block the others
)

// Run serves until ctx ends, and then shuts down. To shut down, it answers /readyz with 503 but still serves for
// ShutdownDelay. Then it accepts no more requests and waits for those that are running. Run returns
// http.ErrServerClosed, or the error that stopped it from serving.
func (s *Server) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var tasks sync.WaitGroup
	for range mailWorkers {
		tasks.Go(func() { s.worker.Run(background) })
	}
	for _, task := range []func(context.Context){
		s.sweep, s.sealActivity, s.pollInvalidations, s.retryInvalidations, s.watchStorage, s.releaseIdleMemory,
	} {
		tasks.Go(func() { task(background) })
	}

	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	s.log.Info("listening", "url", s.url.String(), "database", s.store.Place())

	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		err = s.drain(background)
		<-served
	}
	stop()
	tasks.Wait()
	return err
}

// drain reports that the server is not ready, and waits for ShutdownDelay so that load balancers notice. Then it waits
// for running requests, for at most shutdownTimeout.
func (s *Server) drain(ctx context.Context) error {
	s.draining.Store(true)
	s.log.Info("ending: not ready any more", "serving_for", s.settings.ShutdownDelay.String())
	<-time.After(s.settings.ShutdownDelay)
	s.log.Info("ending: waiting for requests under way")
	grace, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	return s.http.Shutdown(grace)
}
