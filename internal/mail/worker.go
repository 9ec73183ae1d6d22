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

// Queue is the outbox that a [Worker] empties.
type Queue interface {
	// ClaimMail takes the next message that is due, for one attempt and a limited
	// time. It returns nil, nil when nothing is due.
	ClaimMail(ctx context.Context) (*account.Delivery, error)
	// MailDelivered records that the attempt succeeded. It does nothing when the
	// claim has passed to another worker.
	MailDelivered(ctx context.Context, d *account.Delivery) error
	// MailFailed records why the attempt failed, and that no other is to follow if
	// permanent. It does nothing when the claim has passed to another worker.
	MailFailed(ctx context.Context, d *account.Delivery, cause string, permanent bool) error
}

const (
	pollInterval  = time.Second            // between looks at an empty queue
	wakeDelay     = 50 * time.Millisecond  // after which the queue is looked at at the earliest, when woken
	wakeSpread    = 100 * time.Millisecond // within which it then is, at random
	maxBackoff    = 30 * time.Second       // between tries at a queue that fails
	settleTimeout = 10 * time.Second       // of one try to record an outcome
	settleTries   = 5                      // then the claim runs out and the message goes again
)

// Worker sends what the queue holds, one message after the other in each
// [Worker.Run]. Any number of workers may share a queue.
type Worker struct {
	queue     Queue
	transport Sender
	wake      <-chan struct{}
	logger    *slog.Logger
}

// NewWorker returns a worker that looks at the queue soon after wake is signalled, and once
// a second besides. Soon is when the answer to who asked for a message has long gone out, at
// a moment that nobody can tell: what is done for an address that has an account, and not for
// another, must not make the answers take longer. wake may be nil, and must not be closed while the worker runs.
func NewWorker(queue Queue, transport Sender, wake <-chan struct{}, logger *slog.Logger) *Worker {
	return &Worker{queue: queue, transport: transport, wake: wake, logger: logger}
}

// Run works until ctx ends. It may run several times at once, so that one message
// that takes long does not hold up the others. A message under way then is still sent and recorded,
// within the time-out of the transport.
func (w *Worker) Run(ctx context.Context) {
	failures := 0 // of the queue, in a row
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
			case <-time.After(wakeDelay + rand.N(wakeSpread)):
			}
		}
	}
}

// backoff is how long to wait after a failure that came after so many others.
func backoff(earlier int) time.Duration {
	return min(pollInterval<<min(earlier, 10), maxBackoff)
}

// drain sends all that is due. Its error is one of the queue.
func (w *Worker) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		d, err := w.queue.ClaimMail(ctx)
		if err != nil {
			return fmt.Errorf("claim a mail: %w", err)
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

// deliver makes one attempt and records how it went. Neither ends with ctx: to drop
// a message half sent, or sent and not recorded, is to send it twice.
func (w *Worker) deliver(ctx context.Context, d *account.Delivery) error {
	log := w.logger.With("mail", d.MailID, "attempt", d.Attempt)
	failure := w.attempt(context.WithoutCancel(ctx), d)
	if failure == nil {
		log.Info("mail delivered")
	} else {
		log.Warn("mail not delivered", "cause", failure.Cause, "code", failure.Code, "permanent", failure.Permanent)
	}
	err := settle(ctx, func(ctx context.Context) error {
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

// attempt sends one message. A panic in the transport is the failure of that message
// alone; what it was about is not logged, since it may quote the message.
func (w *Worker) attempt(ctx context.Context, d *account.Delivery) (failure *Failure) {
	defer func() {
		if recover() != nil {
			w.logger.Error("a mail transport panicked", "mail", d.MailID, "attempt", d.Attempt, "stack", string(debug.Stack()))
			failure = &Failure{Cause: CauseUnknown}
		}
	}()
	if err := w.transport.Send(ctx, d); err != nil {
		return asFailure(err)
	}
	return nil
}

// settle records an outcome, with a few tries in case the database is away for a
// moment. Once ctx has ended there is time for one.
func settle(ctx context.Context, record func(context.Context) error) error {
	for try := 0; ; try++ {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		err := record(limited)
		cancel()
		if err == nil || try == settleTries-1 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(backoff(try)):
		}
	}
}
