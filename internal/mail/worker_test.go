package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// fakeQueue is a Queue in memory whose methods can be made to fail.
type fakeQueue struct {
	mu          sync.Mutex
	due         []*account.Delivery
	claimFails  bool        // whether ClaimMail fails
	recordFails bool        // whether MailDelivered and MailFailed fail
	claims      []time.Time // times of the calls of ClaimMail
	records     int         // number of calls of MailDelivered and MailFailed
	outcomes    []string
}

var errUnavailable = errors.New("the database is unavailable")

func (q *fakeQueue) ClaimMail(ctx context.Context) (*account.Delivery, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.claims = append(q.claims, time.Now())
	if q.claimFails {
		return nil, errUnavailable
	}
	if len(q.due) == 0 {
		return nil, ctx.Err()
	}
	d := q.due[0]
	q.due = q.due[1:]
	return d, nil
}

func (q *fakeQueue) MailDelivered(ctx context.Context, d *account.Delivery) error {
	return q.record(ctx, fmt.Sprintf("%d delivered", d.MailID))
}

func (q *fakeQueue) MailFailed(ctx context.Context, d *account.Delivery, cause string, permanent bool) error {
	return q.record(ctx, fmt.Sprintf("%d %s permanent=%t", d.MailID, cause, permanent))
}

func (q *fakeQueue) record(ctx context.Context, outcome string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.records++
	if q.recordFails {
		return errUnavailable
	}
	q.outcomes = append(q.outcomes, outcome)
	return ctx.Err()
}

// set changes fields of the queue while the worker runs.
func (q *fakeQueue) set(change func(*fakeQueue)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	change(q)
}

// expect fails the test unless these outcomes were recorded in this order.
func (q *fakeQueue) expect(t *testing.T, want ...string) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	if !slices.Equal(q.outcomes, want) {
		t.Errorf("the outcomes are %q, want %q", q.outcomes, want)
	}
}

// senderFunc is a function that implements mail.Sender.
type senderFunc func(context.Context, *account.Delivery) error

func (f senderFunc) Send(ctx context.Context, d *account.Delivery) error { return f(ctx, d) }

// deliveries returns n claimed messages with the ids 1 to n.
func deliveries(n int64) (all []*account.Delivery) {
	for id := int64(1); id <= n; id++ {
		m := account.Message{To: "zoe@example.org", Text: token}
		all = append(all, &account.Delivery{MailID: id, Attempt: 3, Message: m})
	}
	return all
}

// runningWorker lets a test wake, stop and wait for the running worker.
type runningWorker struct {
	wake chan<- struct{}
	stop func()
}

// advance moves the fake clock of synctest forward by d.
func (runningWorker) advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// runWorker runs a worker and the function test in a synctest bubble, with a fake clock. It
// fails if the log contains a token or an address. It returns the lines of the log.
func runWorker(
	t *testing.T, q *fakeQueue, sender senderFunc, test func(t *testing.T, w runningWorker),
) (logged []string) {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		worker := mail.NewWorker(q, sender, wake, slog.New(slog.NewTextHandler(&log, nil)))
		done := make(chan struct{})
		go func() {
			defer close(done)
			worker.Run(ctx)
		}()
		synctest.Wait()
		test(t, runningWorker{wake: wake, stop: cancel})
		cancel()
		<-done
	})
	for _, hidden := range []string{token, "zoe@example.org"} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("%q is in the log:\n%s", hidden, log.String())
		}
	}
	return strings.Split(strings.TrimSpace(log.String()), "\n")
}

func sendOK(context.Context, *account.Delivery) error { return nil }

func TestWorkerDrainsTheQueue(t *testing.T) {
	q := &fakeQueue{due: deliveries(3)}
	logged := runWorker(t, q, sendOK, func(t *testing.T, _ runningWorker) {
		q.expect(t, "1 delivered", "2 delivered", "3 delivered")
	})
	if len(logged) != 3 || !strings.Contains(logged[0], "mail=1 attempt=3") {
		t.Errorf("logged:\n%s", strings.Join(logged, "\n"))
	}
}

func TestWorkerPolls(t *testing.T) {
	tests := map[string]struct {
		wake              bool
		notBefore, latest time.Duration
	}{
		"shortly after a wake-up": {true, mail.WakeDelay - 1, mail.WakeDelay + mail.WakeJitter},
		"after the poll interval": {false, mail.PollInterval - 1, mail.PollInterval},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			q := &fakeQueue{}
			runWorker(t, q, sendOK, func(t *testing.T, w runningWorker) {
				q.set(func(q *fakeQueue) { q.due = deliveries(1) })
				q.expect(t)
				if test.wake {
					w.wake <- struct{}{}
				}
				w.advance(test.notBefore)
				q.expect(t)
				w.advance(test.latest - test.notBefore)
				q.expect(t, "1 delivered")
			})
		})
	}
}

func TestWorkerRecordsFailures(t *testing.T) {
	q := &fakeQueue{due: deliveries(4)}
	logged := runWorker(t, q, func(_ context.Context, d *account.Delivery) error {
		switch d.MailID {
		case 1:
			return &mail.Failure{Cause: mail.CauseRecipient, Code: 550, Permanent: true, Err: errors.New(token)}
		case 2:
			return errors.New("cannot deliver " + d.Message.Text)
		case 3:
			panic("cannot send " + d.Message.Text)
		}
		return nil
	}, func(t *testing.T, _ runningWorker) {
		q.expect(t, "1 recipient refused permanent=true", "2 delivery failed permanent=false",
			"3 delivery failed permanent=false", "4 delivered")
	})
	if want := `cause="recipient refused" code=550 permanent=true`; !strings.Contains(logged[0], want) {
		t.Errorf("%q is missing in %q", want, logged[0])
	}
}

func TestWorkerBacksOff(t *testing.T) {
	q := &fakeQueue{claimFails: true, due: deliveries(1)}
	logged := runWorker(t, q, sendOK, func(t *testing.T, w runningWorker) {
		w.advance(5 * time.Minute)
		q.set(func(q *fakeQueue) { q.claimFails = false })
		w.advance(mail.MaxBackoff)
		q.expect(t, "1 delivered")
	})
	if len(logged) != 3 || !strings.Contains(logged[0], "level=ERROR") || !strings.Contains(logged[2], "works again") {
		t.Errorf("logged:\n%s", strings.Join(logged, "\n"))
	}
	var waits []time.Duration
	for i := range 7 {
		waits = append(waits, q.claims[i+1].Sub(q.claims[i])/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 30, 30}; !slices.Equal(waits, want) {
		t.Errorf("the worker waited %d seconds, want %d", waits, want)
	}
}

func TestWorkerRetriesToRecord(t *testing.T) {
	t.Run("while the database is unavailable", func(t *testing.T) {
		q, sent := &fakeQueue{due: deliveries(1), recordFails: true}, 0
		runWorker(t, q, func(context.Context, *account.Delivery) error { sent++; return nil }, func(
			t *testing.T, w runningWorker,
		) {
			q.expect(t)
			q.set(func(q *fakeQueue) { q.recordFails = false })
			w.advance(mail.PollInterval)
			q.expect(t, "1 delivered")
		})
		if sent != 1 {
			t.Errorf("it was sent %d times", sent)
		}
	})
	t.Run("but continues after the last attempt", func(t *testing.T) {
		q := &fakeQueue{due: deliveries(2), recordFails: true}
		runWorker(t, q, sendOK, func(t *testing.T, w runningWorker) {
			w.advance(time.Minute)
		})
		if q.records != 2*mail.MaxRecordAttempts {
			t.Errorf("%d attempts to record two outcomes, want %d", q.records, 2*mail.MaxRecordAttempts)
		}
	})
}

func TestWorkerFinishesDeliveryOnShutdown(t *testing.T) {
	q := &fakeQueue{due: deliveries(2)}
	runWorker(t, q, func(ctx context.Context, _ *account.Delivery) error {
		time.Sleep(10 * time.Second)
		return ctx.Err()
	}, func(t *testing.T, w runningWorker) {
		w.stop()
		w.advance(0)
		q.expect(t)
		w.advance(10 * time.Second)
		q.expect(t, "1 delivered")
	})
	q.expect(t, "1 delivered")
}

// During shutdown the worker makes only one attempt to record an outcome. It does not wait
// for the database.
func TestWorkerShutdownWhenRecordingFails(t *testing.T) {
	q := &fakeQueue{due: deliveries(1), recordFails: true}
	runWorker(t, q, sendOK, func(t *testing.T, w runningWorker) {
		start := time.Now()
		w.stop()
		w.advance(0)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the worker took %s to stop", waited)
		}
	})
	if q.records != 1 {
		t.Errorf("%d attempts to record, want 1", q.records)
	}
}
