package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// dialect is what differs between engines.
type dialect struct {
	name string
	// local says that statements run in this process, where none can hang.
	local bool
	// now is the time of the database, in microseconds.
	now string
	// lastChange is the number of the last change that can be seen, where none that is
	// seen later has a smaller one, else 0.
	lastChange string
	// lockRow ends a SELECT whose rows are to be this transaction's alone until it
	// ends, shareRow one whose rows others may read so too, and skipLocked one that
	// passes over those of others. They are empty on an engine with one writer.
	lockRow, shareRow, skipLocked string
	// lockGate and shareGate are conditions that wait for the gate of a number, to be
	// alone behind it or with others who share it, until the transaction ends.
	lockGate, shareGate string
	// unindexed stands before a column that no index is to be used for, where the
	// engine does not find out by itself.
	unindexed string
	// ids writes ids as one value, so that a list of any length is one statement.
	ids func(ids []int64) string
	// idList and textList are queries for the ids in a value that ids has made,
	// and for the texts in one of jsonTexts, in a column named value: to stand behind
	// IN or FROM. The argument is the placeholder of the value.
	idList, textList func(placeholder string) string
	// size is an expression for how many bytes the database takes.
	size string
	// hasTable is a query for how many tables have a name.
	hasTable string
	// classify tells what a failure of the driver means.
	classify func(error) fault
}

// errConflict means that a transaction was ended so that another could go on.
var errConflict = errors.New("conflict with another transaction")

// fault is a meaning of a driver's failure.
type fault int

const (
	faultOther         fault = iota
	faultUnavailable         // the database cannot be reached or used just now
	faultFull                // its disk has no room
	faultDisk                // its disk cannot be read or written
	faultReadOnly            // it can be read, and not written
	faultOutcome             // what was written may be kept, or not
	faultEmailTaken          // users_email_key is violated
	faultRoleNameTaken       // roles_name_key is violated
	faultReferenced          // a foreign key is violated
	faultConflict            // with another transaction; it may do well when it runs again
)

// meaning gives a failure of the driver the type that account decides on. It is
// the only place where that happens.
func (d *dialect) meaning(err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return account.ErrNotFound
	}
	switch d.classify(err) {
	case faultEmailTaken:
		return account.ErrEmailTaken
	case faultRoleNameTaken:
		return account.ErrRoleNameTaken
	case faultReferenced:
		return account.ErrReferenced
	case faultConflict:
		return unavailable(fmt.Errorf("%w: %w", errConflict, err))
	case faultUnavailable, faultFull, faultDisk, faultReadOnly, faultOutcome:
		return d.unavailable(err)
	}
	return err
}

// unavailable says in an operator's words what keeps the database from being used.
func (d *dialect) unavailable(err error) error {
	switch d.classify(err) {
	case faultFull:
		return trouble("The disk of the database is full.", err)
	case faultDisk:
		return trouble("The disk of the database cannot be read or written.", err)
	case faultReadOnly:
		return trouble("The database is read-only just now.", err)
	case faultOutcome:
		return unknownOutcome(err)
	}
	return unavailable(err)
}

// unavailable is the failure of a database that may work again soon.
func unavailable(err error) error {
	return trouble("The database cannot be used just now.", err)
}

func trouble(what string, err error) error {
	return unable(what+" Nothing was changed; try again.", err)
}

// unknownOutcome is the failure of a transaction whose end nobody has heard of.
func unknownOutcome(err error) error {
	return unable("The database went away while the change was being kept. It may have been made: look before you try again.",
		fmt.Errorf("%w: %w", account.ErrOutcomeUnknown, err))
}

func unable(message string, err error) error {
	return &account.Error{Code: account.CodeUnavailable, Message: message, RetryAfter: 5 * time.Second, Err: err}
}

// between writes ids between two brackets.
func between(open, end byte) func(ids []int64) string {
	return func(ids []int64) string {
		text := []byte{open}
		for i, id := range ids {
			if i > 0 {
				text = append(text, ',')
			}
			text = strconv.AppendInt(text, id, 10)
		}
		return string(append(text, end))
	}
}

// jsonTexts does for textList what ids does for idList.
func jsonTexts[T ~string](texts []T) string {
	list, _ := json.Marshal(texts) // texts can always be written
	return string(list)
}
