package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ImportState is the state of an import.
type ImportState string

// The states. A successful import goes from open to finishing to finished. An import that has a
// fault or is cancelled goes to undoing and then undone.
const (
	ImportOpen      ImportState = "open"      // accepts rows
	ImportFinishing ImportState = "finishing" // activates the users that it created
	ImportFinished  ImportState = "finished"
	ImportUndoing   ImportState = "undoing" // deletes the users that it created
	ImportUndone    ImportState = "undone"
)

// EntityImport names an import as the target of an entry in the activity log.
const EntityImport access.Entity = "import"

// Import creates many users in several requests, each with a batch of rows. The users stay inactive
// until the import is finished. A dry run checks the rows and creates no users.
type Import struct {
	ID       int64
	UserID   int64 // the user who runs the import
	DryRun   bool
	State    ImportState
	Rows     int // rows that were accepted so far
	Faults   int // faults that were found so far
	Created  time.Time
	Touched  time.Time // time of the last progress
	Finished time.Time // when the state became finished or undone; zero until then
}

// Target names the import in the activity log.
func (i Import) Target() Target { return Target{Kind: EntityImport, ID: i.ID} }

// ImportUser is one row of an import. A user who has neither a password nor a hash is invited by
// mail to choose a password.
type ImportUser struct {
	Email        string
	Profile           // all fields except the picture
	Active       bool // whether the user is active once the import is finished
	Password     *secret.Text
	PasswordHash *secret.Text // created by another system, in a format that package passhash reads
}

// ImportRow is the part of a row that is stored until the import has activated, invited or deleted
// the row's user.
type ImportRow struct {
	Row      int // from 1
	Key      EmailKey
	UserID   int64 // 0 in a dry run
	Activate bool  // whether to activate the user when the import is finished
	Invite   bool  // whether to invite the user when the import is finished
}

// ImportFault is an error in a row.
type ImportFault struct {
	Row int // from 1, counted over the whole import
	Detail
}

// ImportReader finds imports.
type ImportReader interface {
	// Import returns the import with this id. If there is none, it fails with ErrNotFound.
	Import(ctx context.Context, id int64) (Import, error)
	// ImportRowsByEmail returns, for each of the keys, the number of the import's first row with
	// that key. Keys without a row are absent from the map.
	ImportRowsByEmail(ctx context.Context, importID int64, keys []EmailKey) (map[EmailKey]int, error)
}

// ImportWriter changes imports.
type ImportWriter interface {
	InsertImport(ctx context.Context, i Import) (int64, error)
	// LockImport returns an import and locks it until the transaction ends. It fails with
	// ErrNotFound.
	LockImport(ctx context.Context, id int64) (Import, error)
	// UpdateImport stores the state, the counts and the times of an import.
	UpdateImport(ctx context.Context, i Import) error
	InsertImportRows(ctx context.Context, importID int64, rows []ImportRow) error
	// ImportRows returns the first limit rows of the import that are still stored.
	ImportRows(ctx context.Context, importID int64, limit int) ([]ImportRow, error)
	// ReleaseImported removes a user from the rows of every import. Undoing an import then doesn't
	// delete that user.
	ReleaseImported(ctx context.Context, userID int64) error
	// DeleteImportRows deletes the import's rows with numbers of at most last.
	DeleteImportRows(ctx context.Context, importID int64, last int) error
	// IdleImport returns the id of an import that is open or undoing and made no progress since the
	// given time. It fails with ErrNotFound when there is none.
	IdleImport(ctx context.Context, before time.Time) (int64, error)
	// DeleteEndedImports deletes at most limit imports that are neither open nor undoing and made
	// no progress since the given time. It returns their number.
	DeleteEndedImports(ctx context.Context, before time.Time, limit int) (int, error)
}
