package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// job is a function that Write runs.
type job = func(context.Context, *account.Tx) error

// blockedQueue holds jobs that are queued in the writer behind a job that blocks it. It needs a
// synctest bubble. There, time stands still while jobs run, so a batch ends by its number of jobs
// and never by its time limit.
type blockedQueue struct {
	errs    []error // of the jobs by number, after release
	unblock chan struct{}
	done    sync.WaitGroup
}

// enqueue starts the jobs and returns when all are queued.
func enqueue(t *testing.T, s account.Transactor, jobs ...job) *blockedQueue {
	t.Helper()
	q := &blockedQueue{errs: make([]error, len(jobs)), unblock: make(chan struct{})}
	q.done.Go(func() {
		err := s.Write(t.Context(), func(context.Context, *account.Tx) error {
			<-q.unblock
			return nil
		})
		if err != nil && account.ErrorCode(err) != account.CodeUnavailable {
			t.Errorf("the blocking job: %v", err)
		}
	})
	synctest.Wait()
	for i, j := range jobs {
		q.done.Go(func() { q.errs[i] = s.Write(t.Context(), j) })
		synctest.Wait() // so that they run in order
	}
	return q
}

// release unblocks the queue and returns the errors of the jobs.
func (q *blockedQueue) release() []error {
	close(q.unblock)
	q.done.Wait()
	return q.errs
}

// inserts returns n jobs that insert users, from user0@example.org on.
func inserts(n int) []job {
	jobs := make([]job, n)
	for i := range jobs {
		jobs[i] = func(ctx context.Context, tx *account.Tx) error {
			return add(ctx, tx, fmt.Sprintf("user%d@example.org", i))
		}
	}
	return jobs
}

func TestWriterCommitsInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		const callers, maxBatch = 300, 128
		seen := make([]int, callers) // number of users committed when the job ran
		jobs := inserts(callers)
		for i, insert := range jobs {
			jobs[i] = func(ctx context.Context, tx *account.Tx) error {
				users, err := s.UsersAfter(ctx, 0, callers, now) // outside of the transaction
				seen[i] = len(users)
				return errors.Join(err, insert(ctx, tx))
			}
		}
		for i, err := range enqueue(t, s, jobs...).release() {
			wantErr(t, fmt.Sprint("job ", i), err, nil)
			// The blocking job counts as the first job of the first batch.
			want(t, fmt.Sprint("users before job ", i), seen[i], max(0, (i+1)/maxBatch*maxBatch-1))
		}
		want(t, "users in the end", len(get[[]account.User](t)(s.UsersAfter(t.Context(), 0, 2*callers, now))), callers)
	})
}

func TestWriterCancelsLongJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		begin := time.Now()
		err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			if err := add(ctx, tx, "a@example.org"); err != nil {
				return err
			}
			<-ctx.Done()
			return add(ctx, tx, "b@example.org")
		})
		wantUnavailable(t, "Write", err) // not DeadlineExceeded, since the caller has set no deadline
		want(t, "time", time.Since(begin), 5*time.Second)
		wantUsers(t, s)
		insertUser(t, s, localUser("c@example.org"))
		wantUsers(t, s, "c@example.org")
	})
}

func TestWriterFailsWholeBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		jobs := inserts(5)
		sentinel := errors.New("no")
		jobs[1] = func(context.Context, *account.Tx) error { return sentinel }
		// a reference to a missing user, which only the commit detects
		jobs[3] = func(ctx context.Context, tx *account.Tx) error {
			if err := sqlstore.Exec(ctx, tx, "PRAGMA defer_foreign_keys = ON"); err != nil {
				return err
			}
			_, err := tx.InsertSession(ctx, account.Session{UserID: 99}, hashOf("a"))
			return err
		}
		for i, err := range enqueue(t, s, jobs...).release() {
			if i == 1 {
				wantErr(t, "a job that failed by itself", err, sentinel)
			} else {
				wantUnavailable(t, fmt.Sprint("job ", i), err)
			}
		}
		wantUsers(t, s)
		insertUser(t, s, localUser("c@example.org"))
		wantUsers(t, s, "c@example.org")
	})
}

// fillDisk inserts a user with a picture of a megabyte.
func fillDisk(ctx context.Context, tx *account.Tx) error {
	u := localUser("big@example.org")
	u.Picture = make([]byte, 1<<20)
	_, err := tx.InsertUser(ctx, u, key(u.Email), "h", now)
	return err
}

// limitPages makes SQLite report a full disk at n pages.
func limitPages(n int) job {
	return func(ctx context.Context, tx *account.Tx) error {
		return sqlstore.Exec(ctx, tx, fmt.Sprintf("PRAGMA max_page_count = %d", n))
	}
}

func TestWriterOnFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		jobs := inserts(4)
		jobs[1], jobs[2] = limitPages(60), fillDisk // 60 pages are enough for the schema and some rows
		for i, err := range enqueue(t, s, jobs...).release() {
			if i == 2 {
				wantUnavailable(t, "the job that found the disk full", err)
			} else {
				wantErr(t, fmt.Sprint("job ", i), err, nil)
			}
		}
		wantUsers(t, s, "user0@example.org", "user3@example.org")
		change(t, s, limitPages(1_000_000))
		change(t, s, fillDisk)
		wantUsers(t, s, "user0@example.org", "user3@example.org", "big@example.org")
	})
}

// rollBack makes SQLite roll the transaction back, as it does when a write fails midway.
const rollBack = "INSERT OR ROLLBACK INTO settings SELECT 'twice', '' UNION ALL SELECT 'twice', ''"

func TestWriterAfterRollbackByEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		jobs := inserts(5)
		insert := jobs[2]
		jobs[2] = func(ctx context.Context, tx *account.Tx) error {
			return errors.Join(sqlstore.Exec(ctx, tx, rollBack), insert(ctx, tx))
		}
		for i, err := range enqueue(t, s, jobs...).release() {
			switch {
			case i < 2: // earlier in the same batch
				wantUnavailable(t, fmt.Sprint("job ", i), err)
			case i == 2:
				want(t, "code of the job itself", account.ErrorCode(err), account.CodeInternal)
			default: // in the next batch
				wantErr(t, fmt.Sprint("job ", i), err, nil)
			}
		}
		wantUsers(t, s, "user3@example.org", "user4@example.org")
	})
}

func TestWriterAfterInterrupt(t *testing.T) {
	s := openDir(t, t.TempDir())
	err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		cut, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		_ = sqlstore.Exec(cut, tx, `
			INSERT INTO settings
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, '' FROM n`)
		_ = add(ctx, tx, "a@example.org")
		return nil // as if the job had succeeded
	})
	wantErr(t, "Write", err, context.DeadlineExceeded)
	wantUsers(t, s)
	insertUser(t, s, localUser("b@example.org"))
	wantUsers(t, s, "b@example.org")
}

func TestWriterWaitsForOtherProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one, two := openDir(t, dir), openDir(t, dir)
		blocked := enqueue(t, one)
		// The jobs of the second store fail when SQLite's busy timeout of 5 s is over.
		begin := time.Now()
		jobs := inserts(6)
		for i, err := range gather(5, func(i int) error { return two.Write(t.Context(), jobs[i]) }) {
			wantUnavailable(t, fmt.Sprintf("job %d, while another process writes", i), err)
		}
		if waited := time.Since(begin); waited < 5*time.Second || waited > 6*time.Second {
			t.Errorf("the jobs waited %v, want 5 s together", waited)
		}
		// A caller with a deadline returns at the deadline, and nothing is stored.
		waiting := make(chan error, 1)
		go func() { waiting <- two.Write(t.Context(), jobs[5]) }()
		synctest.Wait()
		begin = time.Now()
		limited, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantErr(t, "a caller with a deadline", two.Write(limited, jobs[0]), context.DeadlineExceeded)
		want(t, "time of a caller with a deadline", time.Since(begin), 100*time.Millisecond)
		time.Sleep(time.Second)
		blocked.release()
		wantErr(t, "a job that waited", <-waiting, nil)
		wantUsers(t, one, "user5@example.org")
	})
}

// A caller with a deadline returns at the deadline, even if that caller was to become the leader.
func TestWriterReturnsAtDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one, two := openDir(t, dir), openDir(t, dir)
		blocked := enqueue(t, one)
		begin := time.Now()
		limited, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantErr(t, "a caller with a deadline", two.Write(limited, inserts(1)[0]), context.DeadlineExceeded)
		want(t, "time", time.Since(begin), 100*time.Millisecond)
		time.Sleep(time.Second)
		blocked.release()
		insertUser(t, two, localUser("later@example.org"))
		wantUsers(t, one, "later@example.org")
	})
}

// The first job of a batch has no savepoint. When it fails, the writer rolls the whole transaction
// back, even if SQLite has done so already. Later jobs are not affected.
func TestWriterAfterFailureOfFirstJob(t *testing.T) {
	sentinel := errors.New("no")
	for name, fails := range map[string]job{
		"by itself": func(ctx context.Context, tx *account.Tx) error {
			return errors.Join(add(ctx, tx, "gone@example.org"), sentinel)
		},
		"by a panic": func(ctx context.Context, tx *account.Tx) error {
			_ = add(ctx, tx, "gone@example.org")
			panic("no")
		},
		"rolled back by the engine": func(ctx context.Context, tx *account.Tx) error {
			return errors.Join(add(ctx, tx, "gone@example.org"), sqlstore.Exec(ctx, tx, rollBack))
		},
		"on a full disk": func(ctx context.Context, tx *account.Tx) error {
			return errors.Join(limitPages(60)(ctx, tx), add(ctx, tx, "gone@example.org"), fillDisk(ctx, tx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openDir(t, t.TempDir())
			if err := s.Write(t.Context(), fails); err == nil {
				t.Error("the job succeeded")
			}
			change(t, s, limitPages(1_000_000))
			wantUsers(t, s)
			insertUser(t, s, localUser("later@example.org"))
			wantUsers(t, s, "later@example.org")
		})
	}
}

func TestClose(t *testing.T) {
	t.Run("answers all callers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			s, err := sqlstore.OpenSQLite(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			l := enqueue(t, s, inserts(1200)...) // more than the queue has room for
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			synctest.Wait()
			errs := l.release()
			wantErr(t, "Close", <-closed, nil)
			var kept []string
			for i, err := range errs {
				if err == nil {
					kept = append(kept, fmt.Sprintf("user%d@example.org", i))
				} else {
					wantUnavailable(t, fmt.Sprint("job ", i), err)
				}
			}
			wantUsers(t, openDir(t, dir), kept...)
		})
	})

	t.Run("refuses writes", func(t *testing.T) {
		s, err := sqlstore.OpenSQLite(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, "Close", s.Close(), nil)
		wantUnavailable(t, "Write", s.Write(t.Context(), func(context.Context, *account.Tx) error { panic("it ran") }))
	})
}
