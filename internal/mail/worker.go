package mail

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Queue is the outbox whose messages a [Worker] sends.
type Queue interface {
	// ClaimMail claims the next due message for one attempt. After a time limit, another
	// worker may claim the same message. ClaimMail returns nil, nil if no message is due.
	ClaimMail(ctx context.Context) (*account.Delivery, error)
	// MailDelivered records that the attempt succeeded. It does nothing if another worker
	// has claimed the message since.
	MailDelivered(ctx context.Context, d *account.Delivery) error
	// MailFailed records that the attempt failed, and the cause. If permanent is true,
	// there are no more attempts. MailFailed does nothing if another worker has claimed the
	// message since.
	MailFailed(ctx context.Context, d *account.Delivery, cause string, permanent bool) error
}

const (
	pollInterval      = time.Second            // delay between polls of an empty queue
	wakeDelay         = 50 * time.Millisecond  // minimum delay from a signal on wake to the next poll
	wakeJitter        = 100 * time.Millisecond // maximum random time that is added to wakeDelay
	maxBackoff        = 30 * time.Second       // maximum delay between polls while ClaimMail fails
	recordTimeout     = 10 * time.Second       // timeout of one attempt to record an outcome
	maxRecordAttempts = 5                      // then the claim times out, and the message is sent again
)

// Worker sends the messages of a queue one after the other. Several workers may share a
// queue.
type Worker struct {
	queue  Queue
	sender Sender
	wake   <-chan struct{}
	logger *slog.Logger
}

// NewWorker returns a worker that polls the queue every second, and after each signal on
// wake. wake may be nil. The caller must not close it while the worker runs.
//
// After a signal the worker waits for a short random time before it polls. By then the
// server has responded to the request that queued the message. A message is sent only if
// the address has an account. If the worker sent it at once, a client could recognise
// existing accounts by a slower response.
func NewWorker(queue Queue, sender Sender, wake <-chan struct{}, logger *slog.Logger) *Worker {
	return &Worker{queue: queue, sender: sender, wake: wake, logger: logger}
}

// Run sends messages until ctx ends. If a delivery is in progress then, Run still completes
// and records it, within the timeout of the sender. Several goroutines may call Run, so
// that a slow delivery does not delay the others.
func (w *Worker) Run(ctx context.Context) {
	failures := 0 // consecutive failures of the queue
	for {
		err := w.drain(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := pollInterval
		switch {
		case err != nil:
			if failures == 0 {
				w.logger.Error("the mail queue fails; trying again", "error", err)
			}
			wait = backoff(failures)
			failures++
		case failures > 0:
			w.logger.Info("the mail queue works again")
			failures = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-w.wake:
			select {
			case <-ctx.Done():
				return
			case <-time.After(wakeDelay + rand.N(wakeJitter)):
			}
		}
	}
}

// backoff returns the delay after a failed poll of the queue. n is the number of failed
// polls in a row before this one.
func backoff(n int) time.Duration {
	return min(pollInterval<<min(n, 10), maxBackoff)
}

// drain sends due messages until no message is due. It fails if the queue fails, but not if
// a delivery fails.
func (w *Worker) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		d, err := w.queue.ClaimMail(ctx)
		if err != nil {
			return fmt.Errorf("claim a message: %w", err)
		}
		if d == nil {
			return nil
		}
		if err := w.deliver(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// deliver makes one attempt to send a message and records whether it succeeded. It ignores
// the end of ctx: if it stopped before it had recorded the outcome, the message would be
// sent twice.
func (w *Worker) deliver(ctx context.Context, d *account.Delivery) error {
	log := w.logger.With("mail", d.MailID, "attempt", d.Attempt)
	failure := w.attempt(context.WithoutCancel(ctx), d)
	if failure == nil {
		log.Info("mail delivered")
	} else {
		log.Warn("mail not delivered", "cause", failure.Cause, "code", failure.Code, "permanent", failure.Permanent)
	}
	err := recordOutcome(ctx, func(ctx context.Context) error {
		if failure == nil {
			return w.queue.MailDelivered(ctx, d)
		}
		return w.queue.MailFailed(ctx, d, failure.Cause, failure.Permanent)
	})
	if err != nil {
		log.Error("the outcome of a mail was not recorded; it will be sent again")
		return fmt.Errorf("record the outcome of mail %d: %w", d.MailID, err)
	}
	return nil
}

// attempt sends one message. If the sender panics, only this message fails. attempt does
// not log the value of the panic, because it may quote the message.
func (w *Worker) attempt(ctx context.Context, d *account.Delivery) (failure *Failure) {
	defer func() {
		if recover() != nil {
			w.logger.Error("a mail sender panicked", "mail", d.MailID, "attempt", d.Attempt, "stack", string(debug.Stack()))
			failure = &Failure{Cause: CauseUnknown}
		}
	}()
	if err := w.sender.Send(ctx, d); err != nil {
		return asFailure(err)
	}
	return nil
}

// recordOutcome calls record. While the database is unavailable, it calls record again,
// with backoff. After ctx has ended it makes only one attempt.
func recordOutcome(ctx context.Context, record func(context.Context) error) error {
	for n := 0; ; n++ {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
		err := record(limited)
		cancel()
		if err == nil || n == maxRecordAttempts-1 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(backoff(n)):
		}
	}
}
