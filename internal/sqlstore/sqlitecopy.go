package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// copySQLite keeps a copy of a database beside it, before its schema, which is of
// the version given, is migrated: a release that turns out bad can be undone by
// putting the copy back. Copies of earlier versions stay.
func copySQLite(ctx context.Context, db *sql.DB, path string, version int64) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".schema-*.tmp") // readable by its owner alone
	if err != nil {
		return fmt.Errorf("copy the database before it is migrated: %w", err)
	}
	half := file.Name()
	defer func() { _ = os.Remove(half) }() // it is there no more where all went well
	if err := file.Close(); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", half); err != nil {
		return fmt.Errorf("copy the database before it is migrated: %w", err)
	}
	// Another process may have migrated it while it was copied.
	copied, err := schemaOf(ctx, half)
	if err != nil {
		return fmt.Errorf("read the copy of the database: %w", err)
	}
	if copied != version {
		return nil
	}
	return os.Rename(half, fmt.Sprintf("%s.schema-%d", path, version))
}

// schemaOf returns the version of the schema of a database file.
func schemaOf(ctx context.Context, path string) (version int64, err error) {
	db, err := sql.Open("sqlite", sqliteURL(path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version, errors.Join(err, db.Close())
}
