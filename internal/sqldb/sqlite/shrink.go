package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

const (
	// maxShrinkTime is how long shrinking may occupy readers that others need.
	maxShrinkTime = 100 * time.Millisecond
	shrinkMemory  = "PRAGMA shrink_memory" // frees the pages that a connection caches
)

// shrink frees the page caches of the idle readers and of the writer.
func shrink(ctx context.Context, reads *sql.DB, w *writer) error {
	ctx, cancel := context.WithTimeout(ctx, maxShrinkTime)
	defer cancel()
	// The readers return to the pool before this waits for the writer.
	if err := shrinkReaders(ctx, reads); err != nil {
		return err
	}
	return w.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return tx.ExecDeferred(ctx, shrinkMemory) })
}

func shrinkReaders(ctx context.Context, reads *sql.DB) error {
	for range reads.Stats().Idle { // keep each until the last: the pool would return the same one
		conn, err := reads.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, shrinkMemory); err != nil {
			return err
		}
	}
	return nil
}
