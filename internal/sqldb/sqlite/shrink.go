package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

const (
	// maxShrinkTime limits how long shrink may hold read connections that requests need.
	maxShrinkTime = 100 * time.Millisecond
	shrinkMemory  = "PRAGMA shrink_memory" // frees the pages that a connection caches
)

// shrink frees the page caches of the idle read connections and of the write connection.
func shrink(ctx context.Context, reads *sql.DB, w *writer) error {
	ctx, cancel := context.WithTimeout(ctx, maxShrinkTime)
	defer cancel()
	// Return the read connections to the pool before waiting for the writer.
	if err := shrinkReaders(ctx, reads); err != nil {
		return err
	}
	return w.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return tx.ExecDeferred(ctx, shrinkMemory) })
}

func shrinkReaders(ctx context.Context, reads *sql.DB) error {
	for range reads.Stats().Idle { // keep every connection until the end: the pool would return the same one
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
