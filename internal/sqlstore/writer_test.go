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

// job is what Write runs.
type job = func(context.Context, account.Tx) error

// line is a line of callers whose jobs wait in the writer behind one that runs.
// It works in a bubble of synctest alone, where time stands still while a job
// runs, so that a batch ends by the number of its jobs and not by its time.
type line struct {
	errs []error // of the jobs by number, once they are let go
	free chan struct{}
	done sync.WaitGroup
}

// standInLine starts the jobs and returns when all wait.
func standInLine(t *testing.T, s account.Store, jobs ...job) *line {
	t.Helper()
	l := &line{errs: make([]error, len(jobs)), free: make(chan struct{})}
	l.done.Go(func() {
		err := s.Write(t.Context(), func(context.Context, account.Tx) error {
			<-l.free
			return nil
		})
		if err != nil && account.ErrorCode(err) != account.CodeUnavailable {
			t.Errorf("the job at the head of the line: %v", err)
		}
	})
	synctest.Wait()
	for i, j := range jobs {
		l.done.Go(func() { l.errs[i] = s.Write(t.Context(), j) })
		synctest.Wait() // so that they run in their order
	}
	return l
}

// letGo lets the line run and returns how each job fared.
func (l *line) letGo() []error {
	close(l.free)
	l.done.Wait()
	return l.errs
}

// adds returns so many jobs that insert user0@example.org and on.
func adds(n int) []job {
	jobs := make([]job, n)
	for i := range jobs {
		jobs[i] = func(ctx context.Context, tx account.Tx) error {
			return add(ctx, tx, fmt.Sprintf("user%d@example.org", i))
		}
	}
	return jobs
}

func TestWriterCommitsInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		const callers, most = 300, 128
		seen := make([]int, callers) // how many users were committed when the job ran
		jobs := adds(callers)
		for i, insert := range jobs {
			jobs[i] = func(ctx context.Context, tx account.Tx) error {
				users, err := s.UsersAfter(ctx, 0, callers, now) // outside of the transaction
				seen[i] = len(users)
				return errors.Join(err, insert(ctx, tx))
			}
		}
		for i, err := range standInLine(t, s, jobs...).letGo() {
			wantErr(t, fmt.Sprint("job ", i), err, nil)
			// The job at the head of the line is the first of its batch.
			want(t, fmt.Sprint("users before job ", i), seen[i], max(0, (i+1)/most*most-1))
		}
		want(t, "users in the end", len(get[[]account.User](t)(s.UsersAfter(t.Context(), 0, 2*callers, now))), callers)
	})
}

func TestWriterCutsLongJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		begin := time.Now()
		err := s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
			if err := add(ctx, tx, "a@example.org"); err != nil {
				return err
			}
			<-ctx.Done()
			return add(ctx, tx, "b@example.org")
		})
		wantUnavailable(t, "Write", err) // its caller would still wait
		want(t, "time", time.Since(begin), 5*time.Second)
		wantUsers(t, s)
		insertUser(t, s, localUser("c@example.org"))
		wantUsers(t, s, "c@example.org")
	})
}

func TestWriterFailsWholeBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		jobs := adds(5)
		sentinel := errors.New("no")
		jobs[1] = func(context.Context, account.Tx) error { return sentinel }
		jobs[3] = func(ctx context.Context, tx account.Tx) error { // a reference to nobody, which only the commit notices
			if err := sqlstore.Exec(ctx, tx, "PRAGMA defer_foreign_keys = ON"); err != nil {
				return err
			}
			_, err := tx.InsertSession(ctx, account.Session{UserID: 99}, hashOf("a"))
			return err
		}
		for i, err := range standInLine(t, s, jobs...).letGo() {
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
func fillDisk(ctx context.Context, tx account.Tx) error {
	u := localUser("big@example.org")
	u.Picture = make([]byte, 1<<20)
	_, err := tx.InsertUser(ctx, u, key(u.Email), "h", now)
	return err
}

// limitPages makes the disk full at so many pages, as far as SQLite can tell.
func limitPages(n int) job {
	return func(ctx context.Context, tx account.Tx) error {
		return sqlstore.Exec(ctx, tx, fmt.Sprintf("PRAGMA max_page_count = %d", n))
	}
}

func TestWriterOnFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		jobs := adds(4)
		jobs[1], jobs[2] = limitPages(60), fillDisk // the schema and some rows fit
		for i, err := range standInLine(t, s, jobs...).letGo() {
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

// What SQLite does by itself when a write fails in the middle.
const rollBack = "INSERT OR ROLLBACK INTO key_checks SELECT 'twice', x'00', 0 UNION ALL SELECT 'twice', x'00', 0"

func TestWriterAfterRollbackByEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openDir(t, t.TempDir())
		jobs := adds(5)
		insert := jobs[2]
		jobs[2] = func(ctx context.Context, tx account.Tx) error {
			return errors.Join(sqlstore.Exec(ctx, tx, rollBack), insert(ctx, tx))
		}
		for i, err := range standInLine(t, s, jobs...).letGo() {
			switch {
			case i < 2: // before it in its batch
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
	err := s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
		cut, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		_ = sqlstore.Exec(cut, tx, `
			INSERT INTO key_checks
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, x'00', 0 FROM n`)
		_ = add(ctx, tx, "a@example.org")
		return nil // as if all were well
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
		held := standInLine(t, one)
		// Too long: the job is told so, and the next one has better luck.
		begin := time.Now()
		jobs := adds(6)
		for i, err := range gather(5, func(i int) error { return two.Write(t.Context(), jobs[i]) }) {
			wantUnavailable(t, fmt.Sprintf("job %d, while another process writes", i), err)
		}
		if waited := time.Since(begin); waited < 5*time.Second || waited > 6*time.Second {
			t.Errorf("they waited %v, want 5 s together", waited)
		}
		// Who has no time to wait is told so, and leaves nothing behind.
		later := make(chan error, 1)
		go func() { later <- two.Write(t.Context(), jobs[5]) }()
		synctest.Wait()
		begin = time.Now()
		brief, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantErr(t, "a brief caller", two.Write(brief, jobs[0]), context.DeadlineExceeded)
		want(t, "the brief caller's time", time.Since(begin), 100*time.Millisecond)
		time.Sleep(time.Second)
		held.letGo()
		wantErr(t, "once it has ended", <-later, nil)
		wantUsers(t, one, "user5@example.org")
	})
}

// One who has no time to wait need not be behind another: nobody waits in his place.
func TestWriterLetsABriefCallerGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one, two := openDir(t, dir), openDir(t, dir)
		held := standInLine(t, one)
		begin := time.Now()
		brief, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantErr(t, "a brief caller", two.Write(brief, adds(1)[0]), context.DeadlineExceeded)
		want(t, "his time", time.Since(begin), 100*time.Millisecond)
		time.Sleep(time.Second)
		held.letGo()
		insertUser(t, two, localUser("later@example.org"))
		wantUsers(t, one, "later@example.org")
	})
}

// The first job of a transaction has no savepoint: when it fails, whatever the engine has
// done, the transaction ends and nobody else is concerned.
func TestWriterAfterFailureOfTheFirst(t *testing.T) {
	sentinel := errors.New("no")
	for name, fails := range map[string]job{
		"by itself": func(ctx context.Context, tx account.Tx) error {
			return errors.Join(add(ctx, tx, "gone@example.org"), sentinel)
		},
		"by a panic": func(ctx context.Context, tx account.Tx) error {
			_ = add(ctx, tx, "gone@example.org")
			panic("no")
		},
		"rolled back by the engine": func(ctx context.Context, tx account.Tx) error {
			return errors.Join(add(ctx, tx, "gone@example.org"), sqlstore.Exec(ctx, tx, rollBack))
		},
		"on a full disk": func(ctx context.Context, tx account.Tx) error {
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
	t.Run("answers all who wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			s, err := sqlstore.OpenSQLite(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			l := standInLine(t, s, adds(1200)...) // more than the queue holds
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			synctest.Wait()
			errs := l.letGo()
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

	t.Run("ends all writing", func(t *testing.T) {
		s, err := sqlstore.OpenSQLite(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, "Close", s.Close(), nil)
		wantUnavailable(t, "Write", s.Write(t.Context(), func(context.Context, account.Tx) error { panic("it ran") }))
	})
}
