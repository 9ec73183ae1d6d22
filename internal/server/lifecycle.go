package server

import (
	"context"
	"sync"
	"time"
)

const (
	shutdownTimeout = 15 * time.Second // for requests under way when the server ends
	mailWorkers     = 4                // messages sent at the same time, so that a slow one doesn't block the others
)

// Run serves until ctx ends. Then it answers /readyz with 503 and serves for ShutdownDelay, stops accepting
// requests, and waits for those under way. It returns http.ErrServerClosed, or why serving failed.
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

// drain reports the server as not ready, gives load balancers time to notice, and waits for the requests under way.
func (s *Server) drain(ctx context.Context) error {
	s.draining.Store(true)
	s.log.Info("ending: not ready any more", "serving_for", s.settings.ShutdownDelay.String())
	<-time.After(s.settings.ShutdownDelay)
	s.log.Info("ending: waiting for requests under way")
	grace, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	return s.http.Shutdown(grace)
}
