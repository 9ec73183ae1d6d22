package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/privatefile"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// BackupCmd copies the SQLite database of a data directory into a file.
type BackupCmd struct {
	File string `arg:"" help:"File of the backup, which must not exist."`
	Data string `default:"./usher-data" placeholder:"DIR" help:"Data directory of the server. Default: ${default}."`
}

// Help returns the text that --help shows below the usage line.
func (BackupCmd) Help() string {
	return `Copies the database (SQLite) into one file; the server may be running, and continues to read and write
meanwhile. The copy has every change that was answered before it began. It is checked, and the file appears
when it is complete or not at all.

The server key is left out: keep a copy of it in another place, since one is useless without the other.

Examples:
  usher backup --data /var/lib/usher /mnt/backups/usher-2026-03-14.db`
}

// Run makes a backup.
func (cmd *BackupCmd) Run(ctx context.Context, e *command.Env) error {
	if err := requireSQLite(e); err != nil {
		return err
	}
	err := writeDatabase(cmd.File, func(file string) error {
		return sqlite.Backup(ctx, cmd.Data, file, copyProgress(e))
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return command.WithHint(fmt.Errorf("%s is there already", cmd.File), "name another file; a backup replaces none")
	case errors.Is(err, fs.ErrNotExist):
		return command.WithHint(err,
			"name the data directory of the server with --data, and a file in a directory that is there")
	case errors.Is(err, sqlite.ErrDamaged):
		return command.WithHint(err, "nothing was kept; stop the server, and restore an earlier backup: usher restore FILE")
	case err != nil:
		return err
	}
	fmt.Fprintf(e.Stdout, "Copied the database to %s.\n", command.Printable(cmd.File))
	fmt.Fprintf(e.Stdout, "The server key is not in it. Keep a copy of %s, or of the key given instead, in another "+
		"place:\nwithout it no one can sign in.\n", command.Printable(datadir.ServerKeyPath(cmd.Data)))
	return nil
}

// requireSQLite fails if the environment names a PostgreSQL database. The data is then in PostgreSQL, and the file in
// the data directory is not the database in use.
func requireSQLite(e *command.Env) error {
	var settings config.Server
	if err := settings.LoadSecrets(e.LookupEnv); err != nil {
		return err
	}
	if settings.Database.URL.Empty() {
		return nil
	}
	err := errors.New("USHER_DATABASE_URL names a database of PostgreSQL, which has its own means: pg_dump and pg_restore")
	return command.WithHint(err, "docs/running.md shows how; for SQLite unset USHER_DATABASE_URL")
}

// writeDatabase calls write with a temporary file, and renames the file to path once it is complete. If path exists, it
// fails with fs.ErrExist and calls nothing.
func writeDatabase(path string, write func(file string) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	file, err := privatefile.Create(path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := write(file.Name()); err != nil {
		return err
	}
	return file.CommitDurably(privatefile.RenameNew)
}

// minProgressPages is the size of a copy, in pages of 4 KiB, from which progress is reported: 256 MiB.
const minProgressPages = 1 << 16

// copyProgress returns a function that reports progress at a terminal: for a large copy, a line after each tenth.
func copyProgress(e *command.Env) sqlite.Progress {
	reported := 0
	return func(done, total int) {
		if tenth := 10 * done / total; total >= minProgressPages && tenth > reported {
			reported = tenth
			e.Progress("copied %d %% …", 10*tenth)
		}
	}
}
