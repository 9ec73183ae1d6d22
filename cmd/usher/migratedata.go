package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// migrateDataCmd moves all data from one database to another.
type migrateDataCmd struct {
	From          string `required:"" env:"-" placeholder:"PLACE" help:"Where the data is: a data directory, or the URL of a PostgreSQL database."`
	To            string `required:"" env:"-" placeholder:"PLACE" help:"Where it goes: a directory without a database, or an empty PostgreSQL database."`
	ServerKeyFile string `placeholder:"FILE" help:"File of the server key, to check that it is the one of the data. Default: USHER_SERVER_KEY, or server.key in the directory of --to or of --from."`
}

// Help is the text below the usage line.
func (migrateDataCmd) Help() string {
	return `Copies everything from a data directory to PostgreSQL or back, while no server uses either, and reads both again to prove that they are equal:
how many rows each table has, and their SHA-256. Ids go on behind the highest that was ever given. What is copied from is not changed.

When it is interrupted, the same command goes on where it was. No server starts on a database that has a part of a move.

A URL on a command line can be seen by others, so it must have no password. That comes from the file of PGPASSFILE (a line
host:port:database:user:password, readable by you alone), or the whole URL from USHER_DATABASE_URL, or the file of USHER_DATABASE_URL_FILE; that
word stands in the place of a URL then.

The server key is not copied, and servers on the target need the same.

Examples:
  PGPASSFILE=pgpass usher migrate-data --from ./usher-data --to postgres://usher@db.example.com/usher?sslmode=verify-full
  USHER_DATABASE_URL_FILE=url usher migrate-data --from ./usher-data --to USHER_DATABASE_URL
  USHER_DATABASE_URL_FILE=url usher migrate-data --from USHER_DATABASE_URL --to ./other-data --server-key-file server.key`
}

// Run moves the data.
func (cmd *migrateDataCmd) Run(a *app) (err error) {
	from, err := a.place("--from", cmd.From)
	if err != nil {
		return err
	}
	to, err := a.place("--to", cmd.To)
	if err != nil {
		return err
	}
	if from == to {
		return usage("--from and --to are the same database")
	}
	if to.Directory != "" {
		if err := os.MkdirAll(to.Directory, 0o700); err != nil {
			return fmt.Errorf("make the data directory: %w", err)
		}
	}
	for _, directory := range []string{from.Directory, to.Directory} {
		if directory == "" {
			continue
		}
		lock, refused := lockData(directory)
		if refused != nil {
			return cmd.explain(refused)
		}
		defer func() { err = errors.Join(err, lock.Close()) }()
	}
	moved, err := sqlstore.Move(a.ctx, from, to, func(checks []keyring.Check) error {
		ring, err := cmd.serverKey(a, from, to)
		if err != nil {
			return err
		}
		for _, c := range checks {
			if !ring.Matches(c) {
				return service.ErrWrongKey
			}
		}
		return nil
	}, a.showMoved())
	if err != nil {
		return cmd.explain(err)
	}
	cmd.tell(a, moved)
	return nil
}

// place reads where a database is. It never shows what could be a password.
func (a *app) place(flag, text string) (sqlstore.Place, error) {
	if text == config.DatabaseVariable { // it stands for what is in it
		address, err := config.Secret(a.getenv, config.DatabaseVariable)
		if err == nil && address.Empty() {
			err = fmt.Errorf("%s is not set, and neither is %s_FILE", config.DatabaseVariable, config.DatabaseVariable)
		}
		if err != nil {
			return sqlstore.Place{}, usageError{err}
		}
		return sqlstore.Place{Postgres: sqlstore.Postgres{URL: address}}, nil
	}
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return sqlstore.Place{Directory: filepath.Clean(text)}, nil
	}
	address, err := url.Parse(text)
	if err != nil {
		return sqlstore.Place{}, usage("%s cannot be read; it is postgres://user@host:port/database", flag)
	}
	_, password := address.User.Password()
	if password || address.Query().Has("password") || address.Query().Has("sslpassword") {
		return sqlstore.Place{}, withHint(usage("%s must have no password: others can see the command line", flag),
			"leave it out and name a file with it in PGPASSFILE, or put the URL in %[1]s and write %[2]s %[1]s", config.DatabaseVariable, flag)
	}
	return sqlstore.Place{Postgres: sqlstore.Postgres{URL: secret.New(text)}}, nil
}

// serverKey is the key that servers on the target will have.
func (cmd *migrateDataCmd) serverKey(a *app, from, to sqlstore.Place) (*keyring.Ring, error) {
	settings := config.Server{ServerKeyFile: cmd.ServerKeyFile}
	if err := settings.LoadSecrets(a.getenv, a.isSet); err != nil {
		return nil, usageError{err}
	}
	if !settings.ServerKey.Empty() {
		return keyring.Parse(settings.ServerKey.Reveal())
	}
	if cmd.ServerKeyFile != "" {
		return readServerKey(cmd.ServerKeyFile)
	}
	for _, directory := range []string{to.Directory, from.Directory} {
		if directory == "" {
			continue
		}
		ring, err := readServerKey(filepath.Join(directory, serverKeyFile))
		if !errors.Is(err, fs.ErrNotExist) {
			return ring, err
		}
	}
	return nil, withHint(errors.New("the server key is missing, without which the data cannot be used"),
		"give the key of the servers by --server-key-file or USHER_SERVER_KEY; it is checked, and not copied")
}

// showMoved tells a person at a terminal how far a move is.
func (a *app) showMoved() func(sqlstore.MoveProgress) {
	var m *meter
	was := ""
	return func(p sqlstore.MoveProgress) {
		what := p.Table + ": copied"
		if p.Verifying {
			what = p.Table + ": verified"
		}
		if what != was {
			m, was = a.newMeter(what, "row", int(p.Rows), int(p.Of)), what
		}
		m.tell(int(p.Rows))
	}
}

// tell says what was moved, and what is to be done.
func (cmd *migrateDataCmd) tell(a *app, moved []sqlstore.MovedTable) {
	t := table{header: []string{"TABLE", "ROWS", "SHA-256"}}
	rows := int64(0)
	for _, m := range moved {
		t.rows = append(t.rows, []string{m.Name, strconv.FormatInt(m.Rows, 10), fmt.Sprintf("%x", m.Sum)})
		rows += m.Rows
	}
	_, _ = a.stdout.Write(t.render())
	a.say("Moved %s, read back from both and found equal.", count(int(rows), "row"))
	a.say("The server key was not copied; it was found to be the right one. Servers on %s need the same.", cmd.To)
	a.say("%s is as it was. Start no server on it again, since its changes would be in one of two places: put it away.", cmd.From)
}

// explain adds what to do.
func (cmd *migrateDataCmd) explain(err error) error {
	switch {
	case errors.Is(err, errDirectoryInUse):
		return withHint(err, "stop the server of that directory first")
	case errors.Is(err, fs.ErrNotExist):
		return withHint(err, "there is no database to move; name a data directory or the URL of a database with --from")
	case errors.Is(err, service.ErrNotSetUp):
		return withHint(err, "no server has set up the database of --from, so there is nothing to move")
	case errors.Is(err, service.ErrWrongKey):
		return withHint(err, "give the key that the data was written with by --server-key-file or USHER_SERVER_KEY; nothing was moved")
	case errors.Is(err, sqlstore.ErrMoveTargetUsed):
		return withHint(err, "name an empty database, or another directory, with --to; nothing was changed")
	case errors.Is(err, sqlstore.ErrOtherMove):
		return withHint(err, "go on with the --from that it was begun with, or remove what is there")
	case errors.Is(err, sqlstore.ErrUnfinishedMove):
		return withHint(err, "finish the move to it first, by the command that began it")
	case errors.Is(err, sqlstore.ErrMoveInUse):
		return withHint(err, "stop all servers and commands on both databases, and run the same command again")
	case errors.Is(err, sqlstore.ErrMoveDiffers):
		return withHint(err, "something was written since it was copied, there or in the source: stop what does, empty the target, and move again")
	case errors.Is(err, sqlstore.ErrNewerSchema), errors.Is(err, sqlstore.ErrOlderSchema), errors.Is(err, sqlstore.ErrPlainConnection):
		return withHint(err, "nothing was changed")
	}
	if _, ok := errors.AsType[*hinted](err); ok {
		return err
	}
	return withHint(err, "run the same command again: it goes on where it was")
}
