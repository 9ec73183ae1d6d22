package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ImportState is the state of an import.
type ImportState string

// The states. A successful import is open, finishing and then finished. One that has a fault or is
// cancelled is undoing and then undone.
const (
	ImportOpen      ImportState = "open"      // accepts rows
	ImportFinishing ImportState = "finishing" // activates its users
	ImportFinished  ImportState = "finished"
	ImportUndoing   ImportState = "undoing" // deletes the users that it created
	ImportUndone    ImportState = "undone"
)

// EntityImport is the kind of an import in the activity log.
const EntityImport access.Entity = "import"

// Import is the creation of users in several batches of rows. The users stay inactive until the
// import is finished. A dry run creates none.
type Import struct {
	ID       int64
	UserID   int64 // the importing user
	DryRun   bool
	State    ImportState
	Rows     int // accepted so far
	Faults   int // found so far
	Created  time.Time
	Touched  time.Time // of the last progress
	Finished time.Time // when the state became finished or undone; zero before
}

// Target names the import in the activity log.
func (i Import) Target() Target { return Target{Kind: EntityImport, ID: i.ID} }

// ImportUser is one row of an import. A user without a password and a hash is invited by mail to
// choose a password.
type ImportUser struct {
	Email        string
	Profile           // without a picture
	Active       bool // once the import is finished
	Password     *secret.Text
	PasswordHash *secret.Text // of another system, in a format that package passhash reads
}

// ImportRow is the part of a row that an import stores until it has processed the row's user.
type ImportRow struct {
	Row      int // from 1
	Key      EmailKey
	UserID   int64 // 0 in a dry run
	Activate bool  // when the import is finished
	Invite   bool  // when the import is finished
}

// ImportFault is an error in a row.
type ImportFault struct {
	Row int // from 1, counted over the whole import
	Detail
}

// ImportReader finds imports.
type ImportReader interface {
	// Import fails with ErrNotFound.
	Import(ctx context.Context, id int64) (Import, error)
	// ImportRowsByEmail returns the number of the import's first row with each of the keys. A key
	// without a row is absent.
	ImportRowsByEmail(ctx context.Context, importID int64, keys []EmailKey) (map[EmailKey]int, error)
}

// ImportWriter changes imports.
type ImportWriter interface {
	InsertImport(ctx context.Context, i Import) (int64, error)
	// LockImport locks an import until the transaction ends, and returns it. It fails with
	// ErrNotFound.
	LockImport(ctx context.Context, id int64) (Import, error)
	// UpdateImport stores the state, the counts and the times of an import.
	UpdateImport(ctx context.Context, i Import) error
	InsertImportRows(ctx context.Context, importID int64, rows []ImportRow) error
	// ImportRows returns the first limit rows that the import still stores.
	ImportRows(ctx context.Context, importID int64, limit int) ([]ImportRow, error)
	// ReleaseImported removes a user from the rows of every import, so that undoing an import
	// doesn't delete them.
	ReleaseImported(ctx context.Context, userID int64) error
	// DeleteImportRows deletes the import's rows up to the number last.
	DeleteImportRows(ctx context.Context, importID int64, last int) error
	// IdleImport returns the id of an import that is open or undoing and was last touched before
	// the given time. It fails with ErrNotFound when there is none.
	IdleImport(ctx context.Context, before time.Time) (int64, error)
	// DeleteEndedImports deletes at most limit imports that are neither open nor undoing and were
	// last touched before the given time. It returns their number.
	DeleteEndedImports(ctx context.Context, before time.Time, limit int) (int, error)
}
