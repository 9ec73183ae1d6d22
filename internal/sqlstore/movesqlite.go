package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sqliteMove is SQLite as the source and the target of a move.
type sqliteMove struct{}

// openSQLiteSource opens the database of a directory, to be read only.
func openSQLiteSource(ctx context.Context, dir string) (*moveSide, error) {
	path := filepath.Join(dir, DatabaseFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return openSQLiteSide(path, func(db *sql.DB) error {
		if err := migrate(ctx, db, sqliteDialect, nil, false); err != nil {
			return err
		}
		return refuseUnfinished(ctx, db, sqliteDialect)
	}, "query_only(1)")
}

// openSQLiteTarget opens the database of a directory, which must exist, and makes
// it if it is not there.
func openSQLiteTarget(ctx context.Context, dir string) (*moveSide, error) {
	path := filepath.Join(dir, DatabaseFile)
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	return openSQLiteSide(path, func(db *sql.DB) error {
		if err := refuseUsed(ctx, db, sqliteDialect); err != nil {
			return err
		}
		nothing := func(context.Context, int64) error { return nil } // to keep a copy of
		return migrate(ctx, db, sqliteDialect, nothing, true)
	})
}

// openSQLiteSide opens a database that check finds good.
func openSQLiteSide(path string, check func(*sql.DB) error, pragmas ...string) (*moveSide, error) {
	db, err := sql.Open("sqlite", durable(path, pragmas...))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := check(db); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return &moveSide{name: path, db: db, dialect: sqliteDialect, engine: sqliteMove{}}, nil
}

func (sqliteMove) columns() string {
	return `
		SELECT m.name, c.name, c.type, c.pk > 0, c.pk > 0 AND m.sql LIKE '%AUTOINCREMENT%'
		FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY m.name, c.pk, c.name`
}

func (sqliteMove) references() string {
	return `
		SELECT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' ORDER BY 1, 2`
}

func (sqliteMove) bytewise() string { return " COLLATE BINARY" }

func (sqliteMove) insert(ctx context.Context, db *sql.DB, t moveTable, rows [][]any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	places := strings.Repeat(", ?", len(t.columns))[2:]
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quote(t.name), names(t.columns), places))
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, row := range rows {
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (sqliteMove) highest(ctx context.Context, from sqlRunner, t moveTable) (int64, error) {
	return number(ctx, from, "SELECT seq FROM sqlite_sequence WHERE name = $1", t.name)
}

func (sqliteMove) raise(ctx context.Context, db *sql.DB, t moveTable, id int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	// The table of counters has no key: a row is there once only if it is put so.
	if _, err := tx.ExecContext(ctx, "DELETE FROM sqlite_sequence WHERE name = $1", t.name); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", t.name, id); err != nil {
		return err
	}
	return tx.Commit()
}

// alone leaves it to the lock of the directory.
func (sqliteMove) alone(context.Context, *sql.DB) error { return nil }
