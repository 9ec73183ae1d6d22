package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ImportState is how far an import has come.
type ImportState string

// The states. An import without a fault is open, finishing and finished; one with
// a fault, or that is given up, is undoing and undone.
const (
	ImportOpen      ImportState = "open"      // takes rows
	ImportFinishing ImportState = "finishing" // activates its users
	ImportFinished  ImportState = "finished"
	ImportUndoing   ImportState = "undoing" // deletes what it made
	ImportUndone    ImportState = "undone"
)

// entityImport is the kind of an import in the activity log.
const EntityImport access.Entity = "import"

// Import is the making of users in batches that belong together. The users stay
// inactive until it is finished. A dry run makes none.
type Import struct {
	ID       int64
	UserID   int64 // who makes it
	DryRun   bool
	State    ImportState
	Rows     int // taken so far
	Faults   int // found so far
	Created  time.Time
	Touched  time.Time // when it last went on
	Finished time.Time // when it was finished or undone; zero before
}

// ImportUser is one row of an import. A user without password and hash is invited
// by mail to choose one.
type ImportUser struct {
	Email        string
	Name         string
	Surname      *string
	Department   *string
	Biography    *string
	Active       bool // once the import is finished
	Password     *secret.Text
	PasswordHash *secret.Text // of another system, in one of the forms of package passhash
}

// ImportRow is what an import keeps of a row until it is over.
type ImportRow struct {
	Row      int // from 1
	Key      EmailKey
	UserID   int64 // 0: a dry run made none
	Activate bool  // when the import is finished
	Invite   bool  // then, too
}

// ImportFault is something in a row that has to be mended.
type ImportFault struct {
	Row int // from 1, over the whole import
	Detail
}

// ImportReader finds imports.
type ImportReader interface {
	// Import fails with ErrNotFound.
	Import(ctx context.Context, id int64) (Import, error)
	// ImportRowsByEmail returns the first row of an import with each of the
	// addresses that it has.
	ImportRowsByEmail(ctx context.Context, importID int64, keys []EmailKey) (map[EmailKey]int, error)
}

// ImportWriter changes imports.
type ImportWriter interface {
	InsertImport(ctx context.Context, i Import) (int64, error)
	// LockImport returns an import, and holds it against other transactions until
	// this one ends. It fails with ErrNotFound.
	LockImport(ctx context.Context, id int64) (Import, error)
	// UpdateImport stores the state, the counts and the times of an import.
	UpdateImport(ctx context.Context, i Import) error
	InsertImportRows(ctx context.Context, importID int64, rows []ImportRow) error
	// ImportRows returns the first so many rows that an import still has.
	ImportRows(ctx context.Context, importID int64, limit int) ([]ImportRow, error)
	// ReleaseImported makes every import forget that it has made a user.
	ReleaseImported(ctx context.Context, userID int64) error
	// DeleteImportRows forgets the rows up to this one.
	DeleteImportRows(ctx context.Context, importID int64, last int) error
	// IdleImport returns the id of an import that is open or being undone and was
	// not touched since before, or ErrNotFound.
	IdleImport(ctx context.Context, before time.Time) (int64, error)
	// DeleteEndedImports forgets at most limit of the imports that are neither and
	// were not touched since before, and returns how many.
	DeleteEndedImports(ctx context.Context, before time.Time, limit int) (int, error)
}

func (i Import) Target() Target { return Target{Kind: EntityImport, ID: i.ID} }
