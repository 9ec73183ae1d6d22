package dbmove

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// sqliteEngine implements engine.
type sqliteEngine struct{}

// openSQLiteSource opens the database of a directory for reading only.
func openSQLiteSource(ctx context.Context, dir string) (*endpoint, error) {
	e, err := openSQLite(dir, true)
	if err != nil {
		return nil, err
	}
	err = sqldb.Migrate(ctx, e.db, e.dialect, sqldb.MigrateOptions{CheckOnly: true})
	if err == nil {
		err = sqldb.RefuseUnfinishedMove(ctx, e.db, e.dialect)
	}
	return e.checked(err)
}

// openSQLiteTarget opens the database in a directory as the target of a move. The directory must
// exist; a missing database file is created.
func openSQLiteTarget(ctx context.Context, dir string) (*endpoint, error) {
	e, err := openSQLite(dir, false)
	if err != nil {
		return nil, err
	}
	err = refuseUsed(ctx, e.db, e.dialect)
	if err == nil {
		err = sqldb.Migrate(ctx, e.db, e.dialect, sqldb.MigrateOptions{})
	}
	return e.checked(err)
}

func openSQLite(dir string, readOnly bool) (*endpoint, error) {
	db, path, err := sqlite.OpenFile(dir, readOnly)
	if err != nil {
		return nil, err
	}
	return &endpoint{location: path, db: db, dialect: sqlite.Dialect(), engine: sqliteEngine{}}, nil
}

// checked returns the endpoint. If err, the result of a check, is not nil, checked closes the
// endpoint and returns the error.
func (e *endpoint) checked(err error) (*endpoint, error) {
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.location, err), e.db.Close())
	}
	return e, nil
}

func (sqliteEngine) columns() string {
	return `
		SELECT m.name, c.name, c.type, c.pk > 0, c.pk > 0 AND m.sql LIKE '%AUTOINCREMENT%'
		FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY m.name, c.pk, c.name`
}

func (sqliteEngine) references() string {
	return `
		SELECT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' ORDER BY 1, 2`
}

func (sqliteEngine) collate() string { return " COLLATE BINARY" }

func (sqliteEngine) insert(ctx context.Context, db *sql.DB, t tableSchema, rows [][]any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	places := strings.Repeat(", ?", len(t.columns))[2:]
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quote(t.name), columnList(t.columns), places)
	insert, err := tx.PrepareContext(ctx, statement)
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

func (sqliteEngine) lastID(ctx context.Context, from sqldb.Executor, t tableSchema) (int64, error) {
	return queryInt(ctx, from, "SELECT seq FROM sqlite_sequence WHERE name = $1", t.name)
}

func (sqliteEngine) setSequence(ctx context.Context, db *sql.DB, t tableSchema, id int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	// sqlite_sequence has no unique index, so an upsert is not possible.
	if _, err := tx.ExecContext(ctx, "DELETE FROM sqlite_sequence WHERE name = $1", t.name); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", t.name, id)
	if err != nil {
		return err
	}
	return tx.Commit()
}

// refuseOthers does nothing, since the caller of Move makes sure that no server uses the directory.
func (sqliteEngine) refuseOthers(context.Context, *sql.DB) error { return nil }
