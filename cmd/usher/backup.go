package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// backupCmd copies the database of a data directory.
type backupCmd struct {
	File string `arg:"" help:"The backup, which must not be there yet."`
	Data string `default:"./usher-data" placeholder:"DIR" help:"Data directory of the server. Default: ${default}."`
}

// Help is the text below the usage line.
func (backupCmd) Help() string {
	return `Copies the database (SQLite) into one file, beside a running server or without one. It has all that was answered before it began, and the server
goes on reading and writing meanwhile. The copy is checked, and the file is there when it is whole or not at all.

The server key is left out: keep a copy of it in another place, since one without the other lets nobody in.

Examples:
  usher backup --data /var/lib/usher /mnt/backups/usher-2026-03-14.db`
}

// Run makes a backup.
func (cmd *backupCmd) Run(a *app) error {
	if err := a.onSQLite(); err != nil {
		return err
	}
	err := a.copyDatabase(cmd.File, func(file string) error {
		return sqlstore.BackupSQLite(a.ctx, cmd.Data, file, a.showCopied())
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return withHint(fmt.Errorf("%s is there already", cmd.File), "name another file; a backup replaces none")
	case errors.Is(err, fs.ErrNotExist):
		return withHint(err, "name the data directory of the server with --data, and a file in a directory that is there")
	case errors.Is(err, sqlstore.ErrDamaged):
		return withHint(err, "nothing was kept; stop the server, and restore an earlier backup: usher restore FILE")
	case err != nil:
		return err
	}
	fmt.Fprintf(a.stdout, "Copied the database to %s.\n", printable(cmd.File))
	fmt.Fprintf(a.stdout, "The server key is not in it. Keep a copy of %s, or of what the server gets instead, in another place:\nwithout it nobody gets in.\n",
		printable(filepath.Join(cmd.Data, serverKeyFile)))
	return nil
}

// onSQLite fails where the environment names a database of PostgreSQL, so that
// nobody takes a copy of the wrong data for a backup.
func (a *app) onSQLite() error {
	var settings config.Server
	if err := settings.LoadSecrets(a.getenv, a.isSet); err != nil {
		return err
	}
	if settings.Database.URL.Empty() {
		return nil
	}
	return withHint(errors.New("USHER_DATABASE_URL names a database of PostgreSQL, which has its own means: pg_dump and pg_restore"),
		"docs/running.md shows how; for SQLite unset USHER_DATABASE_URL")
}

// copyDatabase has f copy a database into a new file, which gets its name when it
// is whole. It fails with fs.ErrExist, before it copies, if the file is there.
func (a *app) copyDatabase(path string, f func(file string) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	file, err := createPrivate(path)
	if err != nil {
		return err
	}
	defer file.discard()
	if err := f(file.Name()); err != nil {
		return err
	}
	return file.lasting(renameNew)
}

// showPages is from how many pages on a person is told how far a copy is: 256 MiB.
const showPages = 1 << 16

// showCopied tells a person at a terminal of each tenth of a large database.
func (a *app) showCopied() sqlstore.Progress {
	shown := 0
	return func(done, total int) {
		if tenth := 10 * done / total; total >= showPages && tenth > shown {
			shown = tenth
			a.progress("copied %d %% …", 10*tenth)
		}
	}
}
