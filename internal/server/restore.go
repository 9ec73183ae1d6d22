package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// RestoreCmd restores the database of a data directory from a backup.
type RestoreCmd struct {
	File string `arg:"" help:"File of the backup."`
	Data string `default:"./usher-data" placeholder:"DIR" help:"Data directory, created if it is missing. Default: ${default}."`
}

// Help returns the text that --help shows below the usage line.
func (RestoreCmd) Help() string {
	return `Restores the database from a backup, while no server uses the data directory. An existing database is never
replaced: move it away first. The backup is checked, and restored as a whole or not at all. It may be of an
earlier release: the server upgrades it.

Everything is as it was at the time of the backup: sessions, keys and passwords that were ended or changed
since work again.

Examples:
  usher restore --data /var/lib/usher /mnt/backups/usher-2026-03-14.db`
}

// Run restores a backup.
func (cmd *RestoreCmd) Run(ctx context.Context, e *command.Env) (err error) {
	if err := requireSQLite(e); err != nil {
		return err
	}
	if err := datadir.Create(cmd.Data); err != nil {
		return err
	}
	lock, err := datadir.Lock(cmd.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	path := filepath.Join(cmd.Data, sqlite.DatabaseFile)
	if err := requireNoDatabase(path); err != nil {
		return err
	}
	oldCheckpoint := ""
	err = writeDatabase(path, func(file string) error {
		if err := sqlite.Restore(ctx, cmd.File, file, copyProgress(e)); err != nil {
			return err
		}
		oldCheckpoint, err = datadir.CheckpointStore{Data: cmd.Data}.SetAside(e.Now())
		return err
	})
	switch {
	case errors.Is(err, sqlite.ErrInUse):
		return command.WithHint(err, "copy the database of a server with usher backup")
	case err != nil:
		return command.WithHint(fmt.Errorf("%s: %w", cmd.File, err), "nothing was restored")
	}
	fmt.Fprintf(e.Stdout, "Restored %s to %s.\n", command.Printable(cmd.File), command.Printable(cmd.Data))
	cmd.showNextSteps(e, oldCheckpoint)
	return nil
}

// requireNoDatabase fails if there is a database at path, or a leftover journal. SQLite would apply such a journal to
// the restored database and damage it.
func requireNoDatabase(path string) error {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(path + end); !errors.Is(err, fs.ErrNotExist) {
			return command.WithHint(fmt.Errorf("%s is there already", path+end),
				"move it and its -wal and -shm, if there are any, to another place, or restore to another directory")
		}
	}
	return nil
}

// showNextSteps says what was restored, and what to do before the server is started. The checkpoint of the replaced
// activity log was moved to oldCheckpoint; "" if there was none.
func (cmd *RestoreCmd) showNextSteps(e *command.Env, oldCheckpoint string) {
	if oldCheckpoint != "" {
		fmt.Fprintf(e.Stdout, `The activity log is that of the backup. The checkpoint of the log before is now %[1]s:
usher audit verify --checkpoint %[1]s tells which entries are missing, as of that checkpoint.
`, command.Printable(oldCheckpoint))
	}
	key := datadir.ServerKeyPath(cmd.Data)
	if _, err := os.Lstat(key); err == nil {
		fmt.Fprintf(e.Stdout, "The server key is not in a backup; the one in %s is used.\n", command.Printable(key))
	} else {
		fmt.Fprintf(e.Stdout, "The server key is not in a backup: put the one that the database was created with in %s, "+
			"or give it by --server-key-file or USHER_SERVER_KEY.\n", command.Printable(key))
	}
	fmt.Fprintf(e.Stdout, "Then start the server: usher serve --data %s\n", command.Printable(cmd.Data))
}
