package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/dbmove"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// MigrateDataCmd moves all data from one database to another.
type MigrateDataCmd struct {
	From          string `required:"" env:"-" placeholder:"PLACE" help:"Where the data is: a data directory, or the URL of a PostgreSQL database."`
	To            string `required:"" env:"-" placeholder:"PLACE" help:"Where it goes: a directory without a database, or an empty PostgreSQL database."`
	ServerKeyFile string `placeholder:"FILE" help:"File of the server key, to check that it is the one of the data. Default: USHER_SERVER_KEY, or server.key in the directory of --to or of --from."`
}

// Help returns the text that --help shows below the usage line.
func (MigrateDataCmd) Help() string {
	return `Copies everything from a data directory to PostgreSQL or back, while no server uses either, and reads both
again to prove that they are equal: each table's number of rows, and their SHA-256. New ids continue after
the highest one. The source isn't changed.

After an interruption, run the same command again: it continues where it was. No server starts on a database
with an unfinished move.

Other users of the machine can see a URL on a command line, so it must have no password. The password comes
from the file of PGPASSFILE (a line host:port:database:user:password, readable by you alone). Or write
USHER_DATABASE_URL in place of the URL; then the whole URL comes from that variable, or from the file of
USHER_DATABASE_URL_FILE.

The server key is not copied, and servers on the target need the same.

Examples:
  PGPASSFILE=pgpass usher migrate-data --from ./usher-data \
    --to postgres://usher@db.example.com/usher?sslmode=verify-full
  USHER_DATABASE_URL_FILE=url usher migrate-data --from ./usher-data --to USHER_DATABASE_URL
  USHER_DATABASE_URL_FILE=url usher migrate-data --from USHER_DATABASE_URL --to ./other-data \
    --server-key-file server.key`
}

// Run moves the data.
func (cmd *MigrateDataCmd) Run(ctx context.Context, e *command.Env) (err error) {
	from, err := parsePlace(e, "--from", cmd.From)
	if err != nil {
		return err
	}
	to, err := parsePlace(e, "--to", cmd.To)
	if err != nil {
		return err
	}
	if from == to {
		return command.UsageErrorf("--from and --to are the same database")
	}
	if to.Directory != "" {
		if err := datadir.Create(to.Directory); err != nil {
			return err
		}
	}
	for _, directory := range []string{from.Directory, to.Directory} {
		if directory == "" {
			continue
		}
		lock, lockErr := datadir.Lock(directory)
		if lockErr != nil {
			return explainMove(lockErr)
		}
		defer func() { err = errors.Join(err, lock.Close()) }()
	}
	moved, err := dbmove.Move(ctx, from, to, func(checks []keyring.Check) error {
		ring, err := cmd.serverKey(e, from, to)
		if err != nil {
			return err
		}
		for _, c := range checks {
			if !ring.Matches(c) {
				return service.ErrWrongKey
			}
		}
		return nil
	}, moveProgress(e))
	if err != nil {
		return explainMove(err)
	}
	cmd.showResult(e, moved)
	return nil
}

// parsePlace parses the value of a flag that names a database. Its errors never contain a password.
func parsePlace(e *command.Env, flag, text string) (dbmove.Place, error) {
	if text == config.DatabaseVariable { // the name of the variable stands for its value
		address, err := config.Secret(e.Getenv, config.DatabaseVariable)
		if err == nil && address.Empty() {
			err = fmt.Errorf("%s is not set, and neither is %s_FILE", config.DatabaseVariable, config.DatabaseVariable)
		}
		if err != nil {
			return dbmove.Place{}, command.UsageErrorf("%w", err)
		}
		return dbmove.Place{Postgres: postgres.Config{URL: address}}, nil
	}
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return dbmove.Place{Directory: filepath.Clean(text)}, nil
	}
	address, err := url.Parse(text)
	if err != nil {
		return dbmove.Place{}, command.UsageErrorf("%s cannot be read; it is postgres://user@host:port/database", flag)
	}
	_, password := address.User.Password()
	if password || address.Query().Has("password") || address.Query().Has("sslpassword") {
		return dbmove.Place{}, command.WithHint(
			command.UsageErrorf("%s must have no password: others can see the command line", flag),
			"leave it out and name a file with it in PGPASSFILE, or put the URL in %[1]s and write %[2]s %[1]s",
			config.DatabaseVariable, flag)
	}
	return dbmove.Place{Postgres: postgres.Config{URL: secret.New(text)}}, nil
}

// serverKey returns the server key that servers will use on the target database.
func (cmd *MigrateDataCmd) serverKey(e *command.Env, from, to dbmove.Place) (*keyring.Ring, error) {
	settings := config.Server{ServerKeyFile: cmd.ServerKeyFile}
	if err := settings.LoadSecrets(e.LookupEnv); err != nil {
		return nil, command.UsageErrorf("%w", err)
	}
	if !settings.ServerKey.Empty() {
		return keyring.Parse(settings.ServerKey.Reveal())
	}
	if cmd.ServerKeyFile != "" {
		return datadir.ReadServerKey(cmd.ServerKeyFile)
	}
	for _, directory := range []string{to.Directory, from.Directory} {
		if directory == "" {
			continue
		}
		ring, err := datadir.ReadServerKey(datadir.ServerKeyPath(directory))
		if !errors.Is(err, fs.ErrNotExist) {
			return ring, err
		}
	}
	return nil, command.WithHint(errors.New("the server key is missing, without which the data cannot be used"),
		"give the key of the servers by --server-key-file or USHER_SERVER_KEY; it is checked, and not copied")
}

// moveProgress returns a function that shows the progress of the move at a terminal.
func moveProgress(e *command.Env) func(dbmove.Progress) {
	var meter *command.Meter
	current := ""
	return func(p dbmove.Progress) {
		activity := p.Table + ": copied"
		if p.Verifying {
			activity = p.Table + ": verified"
		}
		if activity != current {
			meter, current = e.NewMeter(activity, "row", int(p.Rows), int(p.Total)), activity
		}
		meter.Update(int(p.Rows))
	}
}

// showResult lists the tables that were moved, and says what the operator should do next.
func (cmd *MigrateDataCmd) showResult(e *command.Env, moved []dbmove.Table) {
	t := command.Table{Header: []string{"TABLE", "ROWS", "SHA-256"}}
	rows := int64(0)
	for _, m := range moved {
		t.Rows = append(t.Rows, []string{m.Name, strconv.FormatInt(m.Rows, 10), fmt.Sprintf("%x", m.Sum)})
		rows += m.Rows
	}
	_ = e.ShowTable(t)
	e.Say("Moved %s, read back from both and found equal.", command.Count(int(rows), "row"))
	e.Say("The server key was not copied; it was found to be the right one. Servers on %s need the same.", cmd.To)
	e.Say("%s is as it was. Start no server on it again, since its changes would be in one of two places: put it away.",
		cmd.From)
}

// explainMove adds a hint to the error of a move that failed.
func explainMove(err error) error {
	switch {
	case errors.Is(err, datadir.ErrInUse):
		return command.WithHint(err, "stop the server of that directory first")
	case errors.Is(err, fs.ErrNotExist):
		return command.WithHint(err,
			"there is no database to move; name a data directory or the URL of a database with --from")
	case errors.Is(err, dbmove.ErrNotSetUp):
		return command.WithHint(err,
			"no server has set up the database of --from, so there is nothing to move")
	case errors.Is(err, service.ErrWrongKey):
		return command.WithHint(err,
			"give the key that the data was written with by --server-key-file or USHER_SERVER_KEY; nothing was moved")
	case errors.Is(err, dbmove.ErrTargetUsed):
		return command.WithHint(err,
			"name an empty database, or another directory, with --to; nothing was changed")
	case errors.Is(err, dbmove.ErrOtherMove):
		return command.WithHint(err,
			"continue with the --from that it was begun with, or remove that database")
	case errors.Is(err, sqldb.ErrUnfinishedMove):
		return command.WithHint(err,
			"finish the move to it first, by the command that began it")
	case errors.Is(err, dbmove.ErrInUse):
		return command.WithHint(err,
			"stop all servers and commands on both databases, and run the same command again")
	case errors.Is(err, dbmove.ErrDiffers):
		return command.WithHint(err,
			"the source or the target was changed since the copy: stop all writers, empty the target, and move again")
	case errors.Is(err, sqldb.ErrNewerSchema), errors.Is(err, sqldb.ErrOlderSchema),
		errors.Is(err, postgres.ErrPlainConnection):
		return command.WithHint(err, "nothing was changed")
	}
	if _, ok := command.Hint(err); ok {
		return err
	}
	return command.WithHint(err, "run the same command again: it continues where it was")
}
