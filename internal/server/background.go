package server

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

const (
	sweepInterval   = 10 * time.Minute
	sealInterval    = 500 * time.Millisecond
	maxPollFailures = 4 // failed polls in a row before a warning is logged
)

// every calls f immediately and then once per interval, until ctx ends.
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

// sweep deletes expired data from the database once per sweepInterval.
func (s *Server) sweep(ctx context.Context) {
	every(ctx, sweepInterval, func() {
		if err := s.accounts.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("the clean-up failed", "error", err)
		}
	})
}

// sealActivity seals (signs) the new entries of the activity log once per sealInterval, and a last time when ctx ends.
// It logs an error when it first occurs, and then not again until another error or a success follows.
func (s *Server) sealActivity(ctx context.Context) {
	ticker := time.NewTicker(sealInterval)
	defer ticker.Stop()
	logged := ""
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-ticker.C:
		}
		if ended {
			s.recordRefusedReads(context.WithoutCancel(ctx))
		}
		err := s.accounts.SealActivity(context.WithoutCancel(ctx))
		switch {
		case err == nil:
			logged = ""
		case err.Error() != logged:
			logged = err.Error()
			s.log.Error("the activity log cannot be sealed", "error", err)
		}
	}
}

// recordRefusedReads records the refused reads of the current minute too, which a server that ends would lose.
func (s *Server) recordRefusedReads(ctx context.Context) {
	if err := s.accounts.RecordRefusedReads(ctx, s.accounts.Now().Add(time.Minute)); err != nil {
		s.log.Warn("refused reads were not recorded", "error", err)
	}
}

// pollInvalidations polls the database for cache invalidations by other servers. It logs one warning after
// maxPollFailures failed polls in a row. As long as polling fails, caches are not used: each request reads the
// database.
func (s *Server) pollInvalidations(ctx context.Context) {
	failures := 0
	every(ctx, auth.PollInterval, func() {
		switch err := s.accounts.PollInvalidations(ctx); {
		case ctx.Err() != nil: // the server is shutting down
		case err != nil:
			if failures++; failures == maxPollFailures {
				s.log.Warn("changes made elsewhere cannot be read; every request reads the database", "error", err)
			}
		default:
			if failures >= maxPollFailures {
				s.log.Info("changes made elsewhere are read again")
			}
			failures = 0
		}
	})
}

// retryInvalidations records again the changes whose commit outcome is unknown, so that every server drops its cached
// copy of the changed data.
func (s *Server) retryInvalidations(ctx context.Context) {
	every(ctx, auth.RetryInterval, func() {
		if err := s.accounts.RetryInvalidations(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("other servers may have missed a change", "error", err)
		}
	})
}

// refreshKeys follows rotations of the server key. It logs an error when it first occurs, and then not again until
// another error or a success follows.
func (s *Server) refreshKeys(ctx context.Context) {
	logged := ""
	every(ctx, service.KeyRefreshInterval, func() {
		switch err := s.accounts.RefreshKeys(ctx); {
		case err == nil:
			logged = ""
		case ctx.Err() == nil && err.Error() != logged:
			logged = err.Error()
			s.log.Error("the server keys cannot be used as the database needs them", "error", err)
		}
	})
}
