package dbmove

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// endpoint is the source or the target of a move.
type endpoint struct {
	location string // names the database in messages
	db       *sql.DB
	dialect  *sqldb.Dialect
	engine   engine
}

// engine holds the operations of a move that differ between SQLite and PostgreSQL.
type engine interface {
	// columns returns a query with one row for each column of each table: table name, column name, type, whether the
	// column is in the primary key, and whether the database generates its values. The columns of a primary key come in
	// the key's order.
	columns() string
	// references returns a query with one row for each foreign key: the table, and the table that it references.
	references() string
	// collate returns the COLLATE clause that sorts text by its bytes.
	collate() string
	// insert inserts all rows or none.
	insert(ctx context.Context, db *sql.DB, t tableSchema, rows [][]any) error
	// lastID returns the highest id that the sequence of a table has generated.
	lastID(ctx context.Context, from sqldb.Executor, t tableSchema) (int64, error)
	// setSequence makes the sequence of a table continue after id.
	setSequence(ctx context.Context, db *sql.DB, t tableSchema, id int64) error
	// refuseOthers fails with ErrInUse if other processes of Usher use the database. SQLite does not report them.
	refuseOthers(ctx context.Context, db *sql.DB) error
}

// openSource opens the database that is copied. name is the application_name of its connections on PostgreSQL.
func openSource(ctx context.Context, p Place, name string) (*endpoint, error) {
	if p.Postgres.URL.Empty() {
		return openSQLiteSource(ctx, p.Directory)
	}
	return openPostgres(ctx, p.Postgres, name, false)
}

// openTarget opens the database that receives the copy, and migrates its schema. The database must be empty or hold a
// part of an unfinished move. name is the application_name of its connections on PostgreSQL.
func openTarget(ctx context.Context, p Place, name string) (*endpoint, error) {
	if p.Postgres.URL.Empty() {
		return openSQLiteTarget(ctx, p.Directory)
	}
	return openPostgres(ctx, p.Postgres, name, true)
}

// refuseUsed fails with ErrTargetUsed if a database holds data and is not the target of an unfinished move.
func refuseUsed(ctx context.Context, db *sql.DB, d *sqldb.Dialect) error {
	if unfinished, err := sqldb.HasTable(ctx, db, d, sqldb.UnfinishedMoveTable); unfinished || err != nil {
		return err
	}
	for _, table := range []string{"key_checks", "users"} {
		exists, err := sqldb.HasTable(ctx, db, d, table)
		if err != nil {
			return err
		}
		if !exists {
			continue
		}
		rows, err := queryInt(ctx, db, "SELECT count(*) FROM "+table)
		if err != nil {
			return err
		}
		if rows > 0 {
			return ErrTargetUsed
		}
	}
	return nil
}

// snapshot begins a read-only transaction that sees the database as it is now.
func (e *endpoint) snapshot(ctx context.Context) (*sql.Tx, error) {
	return e.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// refuseOthers fails with ErrInUse if other processes use the database.
func (e *endpoint) refuseOthers(ctx context.Context) error {
	if err := e.engine.refuseOthers(ctx, e.db); err != nil {
		return fmt.Errorf("%s: %w", e.location, err)
	}
	return nil
}

// keyChecks returns the check values of the server keys that the data of the database needs.
func (e *endpoint) keyChecks(ctx context.Context) ([]keyring.Check, error) {
	return sqldb.All(ctx, e.querier(), func(row sqldb.Row) (c keyring.Check, err error) {
		return c, row.Scan(&c.ID, &c.Value)
	}, "SELECT id, value FROM key_checks WHERE state <> 'retired' ORDER BY id")
}

func (e *endpoint) querier() sqldb.Querier {
	conn := sqldb.Immediate{DB: e.db}
	return sqldb.Querier{Conn: conn, Unprepared: conn, Dialect: e.dialect}
}

// rows calls yield with each row of a table in the order of the primary keys. It begins after the key afterKey, or with
// the first row if afterKey is nil. A boolean is the integer 0 or 1 on both engines.
func (e *endpoint) rows(
	ctx context.Context, from sqldb.Executor, t tableSchema, afterKey []any, yield func([]any) error,
) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := from.QueryContext(ctx, t.selectRows(e.engine.collate(), afterKey != nil), afterKey...)
	if err != nil {
		cancel()
		return err
	}
	defer func() {
		cancel() // without it, Close would read all remaining rows
		err = errors.Join(err, rows.Close())
	}()
	for rows.Next() {
		row, err := scanRow(rows, len(t.columns))
		if err != nil {
			return err
		}
		if err := yield(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// lastKey returns the last primary key of a table, or nil if the table is empty.
func (e *endpoint) lastKey(ctx context.Context, t tableSchema) ([]any, error) {
	key, err := scanRow(e.db.QueryRowContext(ctx, t.selectLastKey(e.engine.collate())), len(t.key))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return key, err
}

func scanRow(from sqldb.Row, columns int) ([]any, error) {
	row, to := make([]any, columns), make([]any, columns)
	for i := range row {
		to[i] = &row[i]
	}
	if err := from.Scan(to...); err != nil {
		return nil, err
	}
	for i, value := range row {
		switch v := value.(type) {
		case bool:
			row[i] = int64(0)
			if v {
				row[i] = int64(1)
			}
		case []byte:
			if v == nil { // a nil slice stands for empty bytes, not for NULL
				row[i] = []byte{}
			}
		}
	}
	return row, nil
}

// lastID returns the highest id that a table has ever had. The sequence alone can be lower, since it doesn't count rows
// that were inserted with an explicit id.
func (e *endpoint) lastID(ctx context.Context, from sqldb.Executor, t tableSchema) (int64, error) {
	given, err := e.engine.lastID(ctx, from, t)
	if err != nil {
		return 0, err
	}
	query := fmt.Sprintf("SELECT COALESCE(max(%s), 0) FROM %s", quote(t.idColumn), quote(t.name))
	present, err := queryInt(ctx, from, query)
	return max(given, present), err
}

// identity returns a text that no other database has: the hash of the server keys' check values and the time when each
// key was first used.
func (e *endpoint) identity(ctx context.Context, schema []tableSchema) (string, error) {
	i := slices.IndexFunc(schema, func(t tableSchema) bool { return t.name == "key_checks" })
	sum, err := e.sum(ctx, e.db, schema[i], func(int64) {})
	return fmt.Sprintf("%x", sum.Sum), err
}

// queryInt returns the number that a query selects, or 0 if the result has no row.
func queryInt(ctx context.Context, from sqldb.Executor, query string, args ...any) (n int64, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n, errors.Join(err, rows.Err())
}
