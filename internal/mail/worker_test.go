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

// queue is an outbox in memory that can be away.
type queue struct {
	mu        sync.Mutex
	due       []*account.Delivery
	away      bool // nothing can be claimed
	awayAfter bool // nothing can be recorded
	claims    []time.Time
	records   int
	outcomes  []string
}

var errAway = errors.New("the database is away")

func (q *queue) ClaimMail(ctx context.Context) (*account.Delivery, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.claims = append(q.claims, time.Now())
	if q.away {
		return nil, errAway
	}
	if len(q.due) == 0 {
		return nil, ctx.Err()
	}
	d := q.due[0]
	q.due = q.due[1:]
	return d, nil
}

func (q *queue) MailDelivered(ctx context.Context, d *account.Delivery) error {
	return q.record(ctx, fmt.Sprintf("%d delivered", d.MailID))
}

func (q *queue) MailFailed(ctx context.Context, d *account.Delivery, cause string, permanent bool) error {
	return q.record(ctx, fmt.Sprintf("%d %s permanent=%t", d.MailID, cause, permanent))
}

func (q *queue) record(ctx context.Context, outcome string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.records++
	if q.awayAfter {
		return errAway
	}
	q.outcomes = append(q.outcomes, outcome)
	return ctx.Err()
}

// set changes the queue while the worker runs.
func (q *queue) set(change func(*queue)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	change(q)
}

func (q *queue) expect(t *testing.T, want ...string) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	if !slices.Equal(q.outcomes, want) {
		t.Errorf("the outcomes are %q, want %q", q.outcomes, want)
	}
}

// transportFunc is a transport in one function.
type transportFunc func(context.Context, *account.Delivery) error

func (f transportFunc) Send(ctx context.Context, d *account.Delivery) error { return f(ctx, d) }

func deliveries(n int64) (all []*account.Delivery) {
	for id := int64(1); id <= n; id++ {
		m := account.Message{To: "zoe@example.org", Text: token}
		all = append(all, &account.Delivery{MailID: id, Attempt: 3, Message: m})
	}
	return all
}

// running is a worker as a test sees it.
type running struct {
	wake chan<- struct{}
	stop func()
}

// pass lets time go by, on the clock of the bubble: nothing really sleeps.
func (running) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// work runs a worker in a bubble with a clock of its own, and test beside it. The log
// is checked for what must never be in it, and returned line by line.
func work(t *testing.T, q *queue, transport transportFunc, test func(t *testing.T, w running)) (logged []string) {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		worker := mail.NewWorker(q, transport, wake, slog.New(slog.NewTextHandler(&log, nil)))
		done := make(chan struct{})
		go func() {
			defer close(done)
			worker.Run(ctx)
		}()
		synctest.Wait()
		test(t, running{wake: wake, stop: cancel})
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

func sends(context.Context, *account.Delivery) error { return nil }

func TestWorkerDrainsTheQueue(t *testing.T) {
	q := &queue{due: deliveries(3)}
	logged := work(t, q, sends, func(t *testing.T, _ running) {
		q.expect(t, "1 delivered", "2 delivered", "3 delivered")
	})
	if len(logged) != 3 || !strings.Contains(logged[0], "mail=1 attempt=3") {
		t.Errorf("logged:\n%s", strings.Join(logged, "\n"))
	}
}

func TestWorkerLooksAgain(t *testing.T) {
	tests := map[string]struct {
		wake              bool
		notBefore, latest time.Duration
	}{
		"a moment after it is woken": {true, mail.WakeDelay - 1, mail.WakeDelay + mail.WakeSpread},
		"by itself":                  {false, mail.PollInterval - 1, mail.PollInterval},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			q := &queue{}
			work(t, q, sends, func(t *testing.T, w running) {
				q.set(func(q *queue) { q.due = deliveries(1) })
				q.expect(t)
				if test.wake {
					w.wake <- struct{}{}
				}
				w.pass(test.notBefore)
				q.expect(t)
				w.pass(test.latest - test.notBefore)
				q.expect(t, "1 delivered")
			})
		})
	}
}

func TestWorkerRecordsFailures(t *testing.T) {
	q := &queue{due: deliveries(4)}
	logged := work(t, q, func(_ context.Context, d *account.Delivery) error {
		switch d.MailID {
		case 1:
			return &mail.Failure{Cause: mail.CauseRecipient, Code: 550, Permanent: true, Err: errors.New(token)}
		case 2:
			return errors.New("no such luck with " + d.Message.Text)
		case 3:
			panic("cannot send " + d.Message.Text)
		}
		return nil
	}, func(t *testing.T, _ running) {
		q.expect(t, "1 recipient refused permanent=true", "2 delivery failed permanent=false", "3 delivery failed permanent=false", "4 delivered")
	})
	if want := `cause="recipient refused" code=550 permanent=true`; !strings.Contains(logged[0], want) {
		t.Errorf("%q is missing in %q", want, logged[0])
	}
}

func TestWorkerWaitsForItsQueue(t *testing.T) {
	q := &queue{away: true, due: deliveries(1)}
	logged := work(t, q, sends, func(t *testing.T, w running) {
		w.pass(5 * time.Minute)
		q.set(func(q *queue) { q.away = false })
		w.pass(mail.MaxBackoff)
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
		t.Errorf("it waited %d seconds, want %d", waits, want)
	}
}

func TestWorkerDoesNotForgetAnOutcome(t *testing.T) {
	t.Run("while the database is away for a moment", func(t *testing.T) {
		q, sent := &queue{due: deliveries(1), awayAfter: true}, 0
		work(t, q, func(context.Context, *account.Delivery) error { sent++; return nil }, func(t *testing.T, w running) {
			q.expect(t)
			q.set(func(q *queue) { q.awayAfter = false })
			w.pass(mail.PollInterval)
			q.expect(t, "1 delivered")
		})
		if sent != 1 {
			t.Errorf("it was sent %d times", sent)
		}
	})
	t.Run("but goes on in the end", func(t *testing.T) {
		q := &queue{due: deliveries(2), awayAfter: true}
		work(t, q, sends, func(t *testing.T, w running) {
			w.pass(time.Minute)
		})
		if q.records != 2*mail.SettleTries {
			t.Errorf("%d tries to record two outcomes, want %d", q.records, 2*mail.SettleTries)
		}
	})
}

func TestWorkerFinishesWhatIsUnderWay(t *testing.T) {
	q := &queue{due: deliveries(2)}
	work(t, q, func(ctx context.Context, _ *account.Delivery) error {
		time.Sleep(10 * time.Second)
		return ctx.Err()
	}, func(t *testing.T, w running) {
		w.stop()
		w.pass(0)
		q.expect(t)
		w.pass(10 * time.Second)
		q.expect(t, "1 delivered")
	})
	q.expect(t, "1 delivered")
}

// At shutdown there is one try to record, and no waiting for the database.
func TestWorkerStopsWithoutItsQueue(t *testing.T) {
	q := &queue{due: deliveries(1), awayAfter: true}
	work(t, q, sends, func(t *testing.T, w running) {
		start := time.Now()
		w.stop()
		w.pass(0)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("it took %s to stop", waited)
		}
	})
	if q.records != 1 {
		t.Errorf("%d tries to record", q.records)
	}
}
