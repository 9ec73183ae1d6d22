package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// restoreCmd makes a data directory from a backup.
type restoreCmd struct {
	File string `arg:"" help:"The backup."`
	Data string `default:"./usher-data" placeholder:"DIR" help:"Data directory, made if it is not there. Default: ${default}."`
}

// Help is the text below the usage line.
func (restoreCmd) Help() string {
	return `Makes a database of a backup, while no server has the data directory. A database that is there is never replaced: move it away first.
The backup is checked, and restored as a whole or not at all. It may be of an earlier release: the server brings it up to date.

Everything is as it was at the time of the backup: sessions, keys and passwords that were ended or changed since are good again.

Examples:
  usher restore --data /var/lib/usher /mnt/backups/usher-2026-03-14.db`
}

// Run restores a backup.
func (cmd *restoreCmd) Run(a *app) (err error) {
	if err := a.onSQLite(); err != nil {
		return err
	}
	if err := os.MkdirAll(cmd.Data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := lockData(cmd.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	path := filepath.Join(cmd.Data, sqlstore.DatabaseFile)
	if err := cmd.free(path); err != nil {
		return err
	}
	aside := ""
	err = a.copyDatabase(path, func(file string) error {
		if err := sqlstore.RestoreSQLite(a.ctx, cmd.File, file, a.showCopied()); err != nil {
			return err
		}
		aside, err = fileWitness{cmd.Data}.setAside(a.now())
		return err
	})
	switch {
	case errors.Is(err, sqlstore.ErrInUse):
		return withHint(err, "copy the database of a server with usher backup")
	case err != nil:
		return withHint(fmt.Errorf("%s: %w", cmd.File, err), "nothing was restored")
	}
	fmt.Fprintf(a.stdout, "Restored %s to %s.\n", printable(cmd.File), printable(cmd.Data))
	cmd.tell(a, aside)
	return nil
}

// free fails where there is a database, or what SQLite keeps beside one: it would
// take that for changes of the restored one.
func (cmd *restoreCmd) free(path string) error {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(path + end); !errors.Is(err, fs.ErrNotExist) {
			return withHint(fmt.Errorf("%s is there already", path+end),
				"move it and its -wal and -shm, if there are any, to another place, or restore to another directory")
		}
	}
	return nil
}

// tell says what has changed and what is needed now. aside is where the checkpoint
// of the activity log is that was there, or empty.
func (cmd *restoreCmd) tell(a *app, aside string) {
	if aside != "" {
		fmt.Fprintf(a.stdout, `The log of what was done is that of the backup. The checkpoint of the log before is now %[1]s:
usher audit verify --checkpoint %[1]s tells what is not in it any more, as of its last checkpoint.
`, printable(aside))
	}
	key := filepath.Join(cmd.Data, serverKeyFile)
	if _, err := os.Lstat(key); err == nil {
		fmt.Fprintf(a.stdout, "The server key is not in a backup; the one in %s is used.\n", printable(key))
	} else {
		fmt.Fprintf(a.stdout, "The server key is not in a backup: put the one that the database was made with in %s, or give it by --server-key-file or USHER_SERVER_KEY.\n", printable(key))
	}
	fmt.Fprintf(a.stdout, "Then start the server: usher serve --data %s\n", printable(cmd.Data))
}
