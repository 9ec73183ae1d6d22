package sqlstore

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
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// moveAll moves in small batches, and calls tell at each.
func moveAll(ctx context.Context, from, to Place, tell func(MoveProgress)) ([]MovedTable, error) {
	m := &move{accept: acceptAll, tell: tell, rows: 7}
	return m.between(ctx, from, to)
}

func quiet(MoveProgress) {}

func acceptAll([]keyring.Check) error { return nil }

func mustMove(t *testing.T, from, to Place) []MovedTable {
	t.Helper()
	moved, err := moveAll(t.Context(), from, to, quiet)
	if err != nil {
		t.Fatalf("move: %v", err)
	}
	return moved
}

// equalFiles compares two SQLite databases without what a move compares by.
func equalFiles(t *testing.T, a, b Place) {
	t.Helper()
	one, other := at(t, a), filepath.Join(b.Directory, DatabaseFile)
	conn, err := one.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "ATTACH $1 AS other", other); err != nil {
		t.Fatal(err)
	}
	tables, err := one.tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(moveNames(tables), "sqlite_sequence") {
		list := "*"
		if name == "sqlite_sequence" {
			list = "name, seq" // goose has a row there too
		}
		for _, pair := range [][2]string{{"main", "other"}, {"other", "main"}} {
			n, err := number(t.Context(), conn, fmt.Sprintf(
				`SELECT count(*) FROM (SELECT %[1]s FROM %[2]s.%[4]s WHERE %[5]s EXCEPT SELECT %[1]s FROM %[3]s.%[4]s)`,
				list, pair[0], pair[1], quote(name), map[bool]string{true: "name <> 'goose_db_version'", false: "TRUE"}[name == "sqlite_sequence"]))
			if err != nil {
				t.Fatal(err)
			}
			if n != 0 {
				t.Errorf("%d rows of %s are in %s alone", n, name, pair[0])
			}
		}
	}
}

func moveNames(tables []moveTable) (list []string) {
	for _, t := range tables {
		list = append(list, t.name)
	}
	return list
}

// What has gone to PostgreSQL and back is what it was: every table, column, NULL
// and counter.
func TestMoveThereAndBack(t *testing.T) {
	from, there, back := sqlitePlace(t), postgresPlace(t), sqlitePlace(t)
	fill(t, from)
	for _, m := range mustMove(t, from, there) {
		if m.Rows == 0 {
			t.Errorf("the table %s was empty", m.Name)
		}
	}
	mustMove(t, there, back)
	equalFiles(t, from, back)
}

func TestMoveIsOpenedAfterwards(t *testing.T) {
	for _, d := range moveDirections {
		t.Run(d.name, func(t *testing.T) {
			from, to := d.from(t), d.to(t)
			fill(t, from)
			mustMove(t, from, to)
			s := openPlace(t, to)
			id, err := insertNext(t, s)
			if err != nil || id != 1001 {
				t.Errorf("the next user has the id %d, %v; want 1001, which no user ever had", id, err)
			}
			// Whatever is in use now is not a target any more.
			if _, err := moveAll(t.Context(), from, to, quiet); !errors.Is(err, ErrMoveTargetUsed) {
				t.Errorf("a second move: %v", err)
			}
		})
	}
}

// openPlace opens a database as a server does, until the test ends.
func openPlace(t *testing.T, p Place) *Store {
	t.Helper()
	s, err := tryPlace(t.Context(), p)
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

func tryPlace(ctx context.Context, p Place) (*Store, error) {
	if p.Postgres.URL.Empty() {
		return OpenSQLite(ctx, p.Directory)
	}
	return OpenPostgres(ctx, p.Postgres)
}

func insertNext(t *testing.T, s *Store) (id int64, err error) {
	key, _ := account.ParseEmail("next@example.org")
	err = s.Write(t.Context(), func(ctx context.Context, tx account.Tx) (err error) {
		id, err = tx.InsertUser(ctx, account.User{Email: "next@example.org", Name: "Next", Provider: account.ProviderLocal}, key, "h", s.Now())
		return err
	})
	return id, err
}

// A move that is interrupted, however often, goes on where it was; until it has
// ended nobody opens the target.
func TestMoveGoesOn(t *testing.T) {
	for _, d := range moveDirections {
		t.Run(d.name, func(t *testing.T) {
			from, to := d.from(t), d.to(t)
			fill(t, from)
			tries := 0
			for ; ; tries++ {
				ctx, interrupt := context.WithCancel(t.Context())
				batches := 0
				moved, err := moveAll(ctx, from, to, func(p MoveProgress) {
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
				if s, err := tryPlace(t.Context(), to); !errors.Is(err, ErrUnfinishedMove) {
					t.Errorf("the target of an unfinished move is opened: %v", err)
					if err == nil {
						_ = s.Close()
					}
				}
			}
			// No row was copied twice: those of all tries are the rows of the source.
			if id, err := insertNext(t, openPlace(t, to)); id != 1001 {
				t.Errorf("the next user has the id %d, %v", id, err)
			}
		})
	}
}

// interrupted leaves a target with a part of a move.
func interrupted(t *testing.T, from, to Place) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	_, err := moveAll(ctx, from, to, func(p MoveProgress) {
		if p.Table == "users" && p.Rows > 10 {
			interrupt()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("move: %v, want it interrupted", err)
	}
}

// What changed on either side since a row was copied is found, and the target
// stays what it is: unfinished.
func TestMoveFindsDifferences(t *testing.T) {
	tests := []struct {
		name, statement, table string
		inSource               bool
	}{
		{"the source has changed", "UPDATE users SET name = 'Other' WHERE id = 3", "users", true},
		{"the source has a row more, in between", "DELETE FROM users WHERE id = 4", "users", true},
		{"the target has changed", "UPDATE users SET password_hash = 'mine' WHERE id = 3", "users", false},
		{"the target has a row more", "INSERT INTO settings (name, value) VALUES ('a', '{}')", "settings", false},
		{"NULL is not empty", "UPDATE users SET surname = '' WHERE id = 1", "users", false},
	}
	for _, d := range moveDirections[:2] {
		for _, tt := range tests {
			t.Run(d.name+"/"+tt.name, func(t *testing.T) {
				from, to := d.from(t), d.to(t)
				fill(t, from)
				interrupted(t, from, to)
				where := to
				if tt.inSource {
					where = from
				}
				exec(t, where, tt.statement)
				_, err := moveAll(t.Context(), from, to, quiet)
				if !errors.Is(err, ErrMoveDiffers) || !strings.Contains(err.Error(), "table "+tt.table) {
					t.Errorf("got %v, want the table %s named", err, tt.table)
				}
				if _, err := tryPlace(t.Context(), to); !errors.Is(err, ErrUnfinishedMove) {
					t.Errorf("the target is opened: %v", err)
				}
			})
		}
	}
}

// A row that is written while a move copies is found too: the source is read again.
func TestMoveFindsWritesMeanwhile(t *testing.T) {
	for _, d := range moveDirections[:2] {
		t.Run(d.name, func(t *testing.T) {
			from, to := d.from(t), d.to(t)
			fill(t, from)
			written := false
			_, err := moveAll(t.Context(), from, to, func(p MoveProgress) {
				if p.Table == "users" && !written {
					written = true
					exec(t, from, "UPDATE roles SET description = 'changed'")
				}
			})
			if !errors.Is(err, ErrMoveDiffers) {
				t.Errorf("got %v", err)
			}
			if _, err := moveAll(t.Context(), from, to, quiet); !errors.Is(err, ErrMoveDiffers) {
				t.Errorf("once more: %v", err)
			}
		})
	}
}

func TestMoveRefusesAnotherSource(t *testing.T) {
	from, other, to := sqlitePlace(t), sqlitePlace(t), postgresPlace(t)
	fill(t, from)
	fill(t, other)
	exec(t, other, "UPDATE key_checks SET created_at = 77 WHERE created_at = 1")
	interrupted(t, from, to)
	if _, err := moveAll(t.Context(), other, to, quiet); !errors.Is(err, ErrOtherMove) {
		t.Errorf("got %v", err)
	}
	if _, err := moveAll(t.Context(), to, sqlitePlace(t), quiet); !errors.Is(err, ErrUnfinishedMove) {
		t.Errorf("a part of a move is moved on: %v", err)
	}
	mustMove(t, from, to)
}

func TestMoveRefusesSources(t *testing.T) {
	refused := errors.New("refused")
	refuse := func([]keyring.Check) error { return refused }
	good := sqlitePlace(t)
	fill(t, good)
	empty := sqlitePlace(t)
	if s, err := OpenSQLite(t.Context(), empty.Directory); err != nil || s.Close() != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		from Place
		want error
	}{
		{"no database", sqlitePlace(t), fs.ErrNotExist},
		{"no database, PostgreSQL", postgresPlace(t), fs.ErrNotExist},
		{"never set up", empty, service.ErrNotSetUp},
		{"another key", good, refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			to := sqlitePlace(t)
			if _, err := Move(t.Context(), tt.from, to, refuse, quiet); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if files, _ := os.ReadDir(to.Directory); len(files) > 0 {
				t.Errorf("a target was made: %v", files)
			}
		})
	}
}

// A server that is connected would go on writing to what was copied.
func TestMoveRefusesServers(t *testing.T) {
	from, to := postgresPlace(t), sqlitePlace(t)
	fill(t, from)
	server := openPlace(t, from)
	if _, err := moveAll(t.Context(), from, to, quiet); !errors.Is(err, ErrMoveInUse) {
		t.Errorf("the source has a server: %v", err)
	}
	if err := server.Ping(t.Context()); err != nil {
		t.Errorf("the server: %v", err)
	}
}

// A server that was started on the target before it was marked is found.
func TestMoveRefusesServersOfTheTarget(t *testing.T) {
	from, to := sqlitePlace(t), postgresPlace(t)
	fill(t, from)
	openPlace(t, to)
	if _, err := moveAll(t.Context(), from, to, quiet); !errors.Is(err, ErrMoveInUse) {
		t.Errorf("got %v", err)
	}
}

// No two rows are summed alike.
func TestMoveSumsTellRowsApart(t *testing.T) {
	rows := [][]any{
		{nil, nil}, {"", nil}, {nil, ""}, {"", ""}, {[]byte{}, ""}, {int64(0), ""}, {"ab", ""}, {"a", "b"}, {"", "ab"}, {[]byte("a"), "b"}, {"-", nil},
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
			t.Errorf("%v is as %v", row, rows[other])
		}
		seen[string(text)] = n
	}
	if _, err := appendValue(nil, 1.5); err == nil {
		t.Error("a number that no column holds is summed")
	}
}
