package replay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
)

// Player replays a script with several concurrent callers. A caller starts its next change only after the previous
// one is durable.
type Player struct {
	script  *Script
	db      *sql.DB
	callers int
	group   *groupCommitter // group commit; nil if each change commits in its own transaction
	played  atomic.Int64
}

// NewPlayer creates a player that runs the given number of callers concurrently. On SQLite, which allows one writer, it
// commits changes that arrive together in one transaction, as Usher does.
func NewPlayer(ctx context.Context, s *Script, d *database.Database, callers int) (*Player, error) {
	db, err := d.Engine.Connect(d, callers+1)
	if err != nil {
		return nil, err
	}
	p := &Player{script: s, db: db, callers: callers}
	if d.URL != "" {
		return p, nil
	}
	if p.group, err = newGroupCommitter(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// Close closes the player's connections. It ignores their errors, because the measurement has ended.
func (p *Player) Close() {
	if p.group != nil {
		_ = p.group.close()
	}
	_ = p.db.Close()
}

// Play lets all callers replay changes for the given duration, and returns the number of changes.
func (p *Player) Play(ctx context.Context, length time.Duration) (done int, err error) {
	var callers sync.WaitGroup
	var count atomic.Int64
	failures := make([]error, p.callers)
	until := time.Now().Add(length)
	for i := range p.callers {
		callers.Go(func() {
			for time.Now().Before(until) && failures[i] == nil && ctx.Err() == nil {
				failures[i] = p.next(ctx)
				count.Add(1)
			}
		})
	}
	callers.Wait()
	return int(count.Load()), errors.Join(failures...)
}

// next replays the next change of the script.
func (p *Player) next(ctx context.Context) error {
	n := p.played.Add(1) - 1
	recording := p.script.recording(n)
	from, to := recording.Subject, p.script.Subject(n)
	for _, s := range forSubject(recording.BeforeTx, from, to) {
		if err := run(ctx, p.db, s); err != nil {
			return err
		}
	}
	statements := forSubject(recording.InTx, from, to)
	if p.group != nil {
		return p.group.commit(statements)
	}
	return p.commitAlone(ctx, statements)
}

// commitAlone commits the statements of one change in their own transaction.
func (p *Player) commitAlone(ctx context.Context, statements []Statement) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	for _, s := range statements {
		if err := run(ctx, tx, s); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// querier is a connection, a transaction or a connection pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// run runs a statement and discards its rows.
func run(ctx context.Context, q querier, s Statement) error {
	rows, err := q.QueryContext(ctx, s.SQL, s.Args...)
	if err != nil {
		return fmt.Errorf("%s: %w", s.SQL, err)
	}
	defer rows.Close()
	for rows.Next() { // reads all rows, as Usher does; the values are not used
	}
	return rows.Err()
}
