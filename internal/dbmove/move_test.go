package dbmove

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// moveInBatches runs a move with 7 rows in a batch, so that a table takes several batches.
func moveInBatches(ctx context.Context, from, to Place, progress func(Progress)) ([]Table, error) {
	m := &mover{accept: acceptAll, progress: progress, batchRows: 7}
	return m.move(ctx, from, to)
}

func noProgress(Progress) {}

func acceptAll([]keyring.Check) error { return nil }

func mustMove(t *testing.T, from, to Place) []Table {
	t.Helper()
	moved, err := moveInBatches(t.Context(), from, to, noProgress)
	if err != nil {
		t.Fatalf("move: %v", err)
	}
	return moved
}

// wantEqualFiles fails the test unless two SQLite databases are equal. It compares them in SQL,
// without the code that verifies a move.
func wantEqualFiles(t *testing.T, a, b Place) {
	t.Helper()
	one, other := openAny(t, a), filepath.Join(b.Directory, sqlite.DatabaseFile)
	conn, err := one.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "ATTACH $1 AS other", other); err != nil {
		t.Fatal(err)
	}
	schema, err := one.schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(tableNames(schema), "sqlite_sequence") {
		list, where := "*", "TRUE"
		if name == "sqlite_sequence" {
			list, where = "name, seq", "name <> 'goose_db_version'" // leave out goose's own sequence
		}
		for _, pair := range [][2]string{{"main", "other"}, {"other", "main"}} {
			n, err := queryInt(t.Context(), conn, fmt.Sprintf(
				`SELECT count(*) FROM (SELECT %[1]s FROM %[2]s.%[4]s WHERE %[5]s EXCEPT SELECT %[1]s FROM %[3]s.%[4]s)`,
				list, pair[0], pair[1], quote(name), where))
			if err != nil {
				t.Fatal(err)
			}
			if n != 0 {
				t.Errorf("%d rows of %s are only in %s", n, name, pair[0])
			}
		}
	}
}

func tableNames(schema []tableSchema) (names []string) {
	for _, t := range schema {
		names = append(names, t.name)
	}
	return names
}

// A move to PostgreSQL and back keeps every table, column, NULL and sequence.
func TestMoveRoundTrip(t *testing.T) {
	from, there, back := sqlitePlace(t), postgresPlace(t), sqlitePlace(t)
	fill(t, from)
	for _, m := range mustMove(t, from, there) {
		if m.Rows == 0 {
			t.Errorf("the table %s was empty", m.Name)
		}
	}
	mustMove(t, there, back)
	wantEqualFiles(t, from, back)
}

func TestMovedDatabaseOpens(t *testing.T) {
	for _, d := range directions {
		t.Run(d.name, func(t *testing.T) {
			from, to := d.from(t), d.to(t)
			fill(t, from)
			mustMove(t, from, to)
			s := openStore(t, to)
			id, err := insertNext(t, s)
			if err != nil || id != 1001 {
				t.Errorf("the next user has the id %d, %v; want 1001, which no user ever had", id, err)
			}
			// The target now has data of its own, so a second move refuses it.
			if _, err := moveInBatches(t.Context(), from, to, noProgress); !errors.Is(err, ErrTargetUsed) {
				t.Errorf("a second move: %v", err)
			}
		})
	}
}

// openStore opens a database as a server does, until the test ends.
func openStore(t *testing.T, p Place) *sqlstore.Store {
	t.Helper()
	s, err := tryOpen(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func tryOpen(ctx context.Context, p Place) (*sqlstore.Store, error) {
	if p.Postgres.URL.Empty() {
		return sqlstore.OpenSQLite(ctx, p.Directory)
	}
	return sqlstore.OpenPostgres(ctx, p.Postgres)
}

func insertNext(t *testing.T, s *sqlstore.Store) (id int64, err error) {
	key, _ := account.ParseEmail("next@example.org")
	err = s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) (err error) {
		id, err = tx.InsertUser(ctx, account.User{
			Email: "next@example.org", Profile: account.Profile{Name: "Next"}, Provider: account.ProviderLocal,
		},
			key, "h", s.Now())
		return err
	})
	return id, err
}

// A move that is interrupted continues from where it stopped. Until the move is complete, no server
// opens the target.
func TestMoveContinues(t *testing.T) {
	for _, d := range directions {
		t.Run(d.name, func(t *testing.T) {
			from, to := d.from(t), d.to(t)
			fill(t, from)
			tries := 0
			for ; ; tries++ {
				ctx, interrupt := context.WithCancel(t.Context())
				batches := 0
				moved, err := moveInBatches(ctx, from, to, func(p Progress) {
					if batches++; batches == 5+tries && !p.Verifying {
						interrupt()
					}
				})
				interrupted := ctx.Err() != nil
				interrupt()
				if err == nil {
					if tries < 5 || len(moved) < 20 {
						t.Errorf("moved %d tables with %d interruptions", len(moved), tries)
					}
					break
				}
				if !interrupted {
					t.Fatal(err)
				}
				if s, err := tryOpen(t.Context(), to); !errors.Is(err, sqldb.ErrUnfinishedMove) {
					t.Errorf("the target of an unfinished move: %v, want ErrUnfinishedMove", err)
					if err == nil {
						_ = s.Close()
					}
				}
			}
			// The next id follows 1000, the last id that the source has generated.
			if id, err := insertNext(t, openStore(t, to)); id != 1001 {
				t.Errorf("the next user has the id %d, %v", id, err)
			}
		})
	}
}

// interruptMove cancels a move in the table users, so that the target holds a part of the data.
func interruptMove(t *testing.T, from, to Place) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	_, err := moveInBatches(ctx, from, to, func(p Progress) {
		if p.Table == "users" && p.Rows > 10 {
			interrupt()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("move: %v, want it interrupted", err)
	}
}

// If the source or the target changes after rows were copied, the move fails with ErrDiffers. The
// target stays marked as unfinished.
func TestMoveFindsDifferences(t *testing.T) {
	tests := []struct {
		name, statement, table string
		inSource               bool
	}{
		{"the source has changed", "UPDATE users SET name = 'Other' WHERE id = 3", "users", true},
		{"the source lacks a row in between", "DELETE FROM users WHERE id = 4", "users", true},
		{"the target has changed", "UPDATE users SET password_hash = 'mine' WHERE id = 3", "users", false},
		{"the target has another row", "INSERT INTO settings (name, value) VALUES ('a', '{}')", "settings", false},
		{"NULL is not empty", "UPDATE users SET surname = '' WHERE id = 1", "users", false},
	}
	for _, d := range directions[:2] {
		for _, tt := range tests {
			t.Run(d.name+"/"+tt.name, func(t *testing.T) {
				from, to := d.from(t), d.to(t)
				fill(t, from)
				interruptMove(t, from, to)
				changed := to
				if tt.inSource {
					changed = from
				}
				exec(t, changed, tt.statement)
				_, err := moveInBatches(t.Context(), from, to, noProgress)
				if !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), "table "+tt.table) {
					t.Errorf("got %v, want the table %s named", err, tt.table)
				}
				if _, err := tryOpen(t.Context(), to); !errors.Is(err, sqldb.ErrUnfinishedMove) {
					t.Errorf("the target is opened: %v", err)
				}
			})
		}
	}
}

// A move finds a row that changes during the copy, since the verification reads the source again.
func TestMoveFindsConcurrentWrites(t *testing.T) {
	for _, d := range directions[:2] {
		t.Run(d.name, func(t *testing.T) {
			from, to := d.from(t), d.to(t)
			fill(t, from)
			written := false
			_, err := moveInBatches(t.Context(), from, to, func(p Progress) {
				if p.Table == "users" && !written {
					written = true
					exec(t, from, "UPDATE roles SET description = 'changed'")
				}
			})
			if !errors.Is(err, ErrDiffers) {
				t.Errorf("got %v", err)
			}
			if _, err := moveInBatches(t.Context(), from, to, noProgress); !errors.Is(err, ErrDiffers) {
				t.Errorf("a second move: %v", err)
			}
		})
	}
}

func TestMoveRefusesAnotherSource(t *testing.T) {
	from, other, to := sqlitePlace(t), sqlitePlace(t), postgresPlace(t)
	fill(t, from)
	fill(t, other)
	exec(t, other, "UPDATE key_checks SET created_at = 77 WHERE created_at = 1")
	interruptMove(t, from, to)
	if _, err := moveInBatches(t.Context(), other, to, noProgress); !errors.Is(err, ErrOtherMove) {
		t.Errorf("got %v", err)
	}
	if _, err := moveInBatches(t.Context(), to, sqlitePlace(t), noProgress); !errors.Is(err, sqldb.ErrUnfinishedMove) {
		t.Errorf("a move from an unfinished target: %v", err)
	}
	mustMove(t, from, to)
}

func TestMoveRefusesSources(t *testing.T) {
	refused := errors.New("refused")
	refuse := func([]keyring.Check) error { return refused }
	good := sqlitePlace(t)
	fill(t, good)
	empty := sqlitePlace(t)
	if s, err := sqlstore.OpenSQLite(t.Context(), empty.Directory); err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		from Place
		want error
	}{
		{"no database", sqlitePlace(t), fs.ErrNotExist},
		{"no database, PostgreSQL", postgresPlace(t), fs.ErrNotExist},
		{"never set up", empty, ErrNotSetUp},
		{"another key", good, refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			to := sqlitePlace(t)
			if _, err := Move(t.Context(), tt.from, to, refuse, noProgress); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if files, _ := os.ReadDir(to.Directory); len(files) > 0 {
				t.Errorf("a target was created: %v", files)
			}
		})
	}
}

// A move refuses a source to which a server is connected: the server could change rows that are
// already copied.
func TestMoveRefusesServers(t *testing.T) {
	from, to := postgresPlace(t), sqlitePlace(t)
	fill(t, from)
	server := openStore(t, from)
	if _, err := moveInBatches(t.Context(), from, to, noProgress); !errors.Is(err, ErrInUse) {
		t.Errorf("the source has a server: %v", err)
	}
	if err := server.Ping(t.Context()); err != nil {
		t.Errorf("the server: %v", err)
	}
}

// A move refuses a target that a server has opened before the move marked the target as unfinished.
func TestMoveRefusesServersOfTheTarget(t *testing.T) {
	from, to := sqlitePlace(t), postgresPlace(t)
	fill(t, from)
	openStore(t, to)
	if _, err := moveInBatches(t.Context(), from, to, noProgress); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v", err)
	}
}

// appendValue encodes different rows differently.
func TestAppendValueIsInjective(t *testing.T) {
	rows := [][]any{
		{
			nil,
			nil,
		}, {"", nil}, {nil, ""}, {"", ""}, {[]byte{}, ""}, {int64(0), ""}, {"ab", ""}, {"a", "b"}, {"", "ab"},
		{[]byte("a"), "b"}, {"-", nil},
	}
	seen := map[string]int{}
	for n, row := range rows {
		var text []byte
		for _, value := range row {
			var err error
			if text, err = appendValue(text, value); err != nil {
				t.Fatal(err)
			}
		}
		if other, ok := seen[string(text)]; ok {
			t.Errorf("%v is encoded as %v is", row, rows[other])
		}
		seen[string(text)] = n
	}
	if _, err := appendValue(nil, 1.5); err == nil {
		t.Error("a value of a type that no column has is encoded")
	}
}
