package server

import (
	"context"
	"errors"
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
		s.sweep, s.sealActivity, s.pollInvalidations, s.retryInvalidations, s.refreshKeys,
		s.watchStorage, s.watchConnections, s.releaseIdleMemory, s.watchPublicURL,
	} {
		tasks.Go(func() { task(background) })
	}

	served := make(chan error, 2)
	serving := 1
	go func() { served <- s.http.Serve(s.conns.Listen(s.listener)) }()
	if s.adminHTTP != nil {
		serving++
		go func() { served <- s.adminHTTP.Serve(s.adminListener) }()
		s.log.Info("listening for operators", "url", s.adminURL.String())
	}
	s.log.Info("listening", "url", s.url.String(), "database", s.store.Place())

	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		err = s.drain(background)
		for range serving {
			<-served
		}
	}
	stop()
	tasks.Wait()
	return err
}

// drain reports that the server is not ready, and waits for ShutdownDelay so that load balancers notice. Then it waits
// for running requests, for at most shutdownTimeout. The admin listener ends last, so that operators can watch.
func (s *Server) drain(ctx context.Context) error {
	s.draining.Store(true)
	s.log.Info("ending: not ready any more", "serving_for", s.settings.ShutdownDelay.String())
	<-time.After(s.settings.ShutdownDelay)
	s.log.Info("ending: waiting for requests under way")
	grace, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(grace)
	if s.adminHTTP != nil {
		err = errors.Join(err, s.adminHTTP.Shutdown(grace))
	}
	return err
}
