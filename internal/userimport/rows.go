package userimport

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// AddImportRows adds rows to an import and returns the faults of invalid rows. first is the
// number of the first row, counted from 1. Rows that the import already has are skipped, so
// a client can repeat a request. An invalid row undoes all users of the import, unless the
// import is a dry run.
//
// It fails like [Imports.Import]. It fails with CodeInvalid when earlier rows are missing,
// with CodeTooLarge for more than [MaxImportRows], and with CodeImportState unless the
// import is open.
func (s *Imports) AddImportRows(
	ctx context.Context, caller *account.Principal, id int64, first int, users []account.ImportUser,
) (account.Import, []account.ImportFault, error) {
	for {
		i, faults, err := s.addImportRows(ctx, caller, id, first, users)
		if !errors.Is(err, errRowsAdded) && !errors.Is(err, account.ErrEmailTaken) {
			return i, faults, err
		}
	}
}

// errRowsAdded means that another request has added rows since the import was read.
var errRowsAdded = errors.New("another request has added rows to the import")

func (s *Imports) addImportRows(
	ctx context.Context, caller *account.Principal, id int64, first int, users []account.ImportUser,
) (account.Import, []account.ImportFault, error) {
	i, err := s.Import(ctx, caller, id)
	if err != nil {
		return i, nil, err
	}
	users, err = missingRows(i, first, users)
	if err != nil || len(users) == 0 {
		return i, nil, err
	}
	rows, faults, err := s.checkRows(ctx, i, users)
	switch {
	case err != nil:
		return i, nil, err
	case i.DryRun:
		i, err = s.recordDryRun(ctx, caller, i, rows, len(faults))
		return i, faults, err
	case len(faults) == 0:
		i, err = s.createUsers(ctx, caller, i, users, rows)
		return i, nil, err
	}
	i, err = s.failImport(ctx, caller, i, len(faults))
	return i, faults, err
}

// missingRows returns the users whose rows the import does not have yet. first is the row
// number of the first user. It fails with CodeInvalid or CodeTooLarge as described at
// [Imports.AddImportRows].
func missingRows(i account.Import, first int, users []account.ImportUser) ([]account.ImportUser, error) {
	switch {
	case len(users) == 0:
		return nil, account.Invalid(account.Detail{Path: "/users", Message: "must have at least one user"})
	case len(users) > MaxImportRows:
		return nil, &account.Error{
			Code:    account.CodeTooLarge,
			Message: fmt.Sprintf("At most %d users can be imported at once.", MaxImportRows),
		}
	case i.State != account.ImportOpen:
		return nil, wrongState(i)
	case first < 1 || first > i.Rows+1:
		return nil, account.Invalid(account.Detail{
			Path: "/first", Message: fmt.Sprintf("must be from 1 to %d, the number of the next row", i.Rows+1),
		})
	}
	return users[min(i.Rows+1-first, len(users)):], nil
}

// checkRows validates new rows, compares their addresses with earlier rows and with
// existing users, and returns a row for each user. It also returns the faults.
func (s *Imports) checkRows(
	ctx context.Context, i account.Import, users []account.ImportUser,
) ([]account.ImportRow, []account.ImportFault, error) {
	rows := make([]account.ImportRow, len(users))
	checks := make([]account.Checker, len(users))
	keys := make([]account.EmailKey, len(users))
	for n, u := range users {
		keys[n] = checkImportUser(&checks[n], u)
		rows[n] = account.ImportRow{Row: i.Rows + 1 + n, Key: keys[n], Activate: u.Active}
		rows[n].Invite = u.Active && u.Password == nil && u.PasswordHash == nil
	}
	first, err := s.store.ImportRowsByEmail(ctx, i.ID, keys)
	if err != nil {
		return nil, nil, err
	}
	taken, err := s.store.TakenEmails(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	var faults []account.ImportFault
	for n, row := range rows {
		c := &checks[n]
		other, duplicate := first[row.Key]
		switch {
		case row.Key == "": // the address is invalid, which is reported already
		case duplicate:
			c.Fail("/email", fmt.Sprintf("is the same address as that of row %d", other))
		default:
			first[row.Key] = row.Row
			if slices.Contains(taken, row.Key) {
				c.Fail("/email", account.AddressTaken)
			}
		}
		for _, d := range c.Details {
			faults = append(faults, account.ImportFault{Row: row.Row, Detail: d})
		}
	}
	return rows, faults, nil
}

// checkImportUser validates one user without the database, and returns the key of the
// address.
func checkImportUser(c *account.Checker, u account.ImportUser) account.EmailKey {
	c.Name("/name", u.Name)
	key := c.Email("/email", u.Email)
	u.Profile.Validate(c, "")
	switch {
	case u.Password != nil && u.PasswordHash != nil:
		c.Fail("/passwordHash", "must not be given beside a password")
	case u.Password != nil:
		c.NewPassword("/password", *u.Password)
	case u.PasswordHash != nil && passhash.Check(u.PasswordHash.Reveal()) != nil:
		c.Fail("/passwordHash", account.PasswordHashRule)
	}
	return key
}

// recordDryRun stores the rows of a dry run and the number of invalid rows. It creates no
// user.
func (s *Imports) recordDryRun(
	ctx context.Context, caller *account.Principal, was account.Import, rows []account.ImportRow, faults int,
) (account.Import, error) {
	record := func(ctx context.Context, tx *account.Tx, _ *account.Principal, i *account.Import) error {
		i.Rows += len(rows)
		i.Faults += faults
		var recorded []account.ImportRow
		for _, row := range rows {
			if row.Key != "" {
				recorded = append(recorded, account.ImportRow{Row: row.Row, Key: row.Key})
			}
		}
		return tx.InsertImportRows(ctx, i.ID, recorded)
	}
	return s.changeOpenImport(ctx, caller, was, record)
}

// createUsers creates the users of checked rows, in transactions of at most batchRows. It
// stops with [account.ErrEmailTaken] when an address has been taken since the check.
func (s *Imports) createUsers(
	ctx context.Context, caller *account.Principal, i account.Import,
	users []account.ImportUser, rows []account.ImportRow,
) (account.Import, error) {
	hashes, err := s.passwordHashes(ctx, users)
	for len(rows) > 0 && err == nil {
		n := min(batchRows, len(rows))
		i, err = s.createBatch(ctx, caller, i, users[:n], rows[:n], hashes[:n])
		users, rows, hashes = users[n:], rows[n:], hashes[n:]
	}
	return i, err
}

// createBatch creates the users of rows in one transaction. users and hashes are parallel
// to rows.
func (s *Imports) createBatch(
	ctx context.Context, caller *account.Principal, was account.Import,
	users []account.ImportUser, rows []account.ImportRow, hashes []string,
) (account.Import, error) {
	newUsers := make([]account.NewUser, len(rows))
	keys := make([]account.EmailKey, len(rows))
	for n, u := range users {
		newUsers[n] = account.NewUser{
			Email:   u.Email,
			Profile: u.Profile,
		}
		keys[n] = rows[n].Key
	}
	create := func(ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import) error {
		created, err := s.users.InsertUsers(ctx, tx, caller, newUsers, keys, hashes)
		if err != nil {
			return err
		}
		rows := slices.Clone(rows)
		for n := range rows {
			rows[n].UserID = created[n].ID
		}
		i.Rows += len(rows)
		return tx.InsertImportRows(ctx, i.ID, rows)
	}
	return s.changeOpenImport(ctx, caller, was, create)
}

// passwordHashes returns the password hash of each user: the given hash, the hash of the
// given password, or "" if the user has neither.
func (s *Imports) passwordHashes(ctx context.Context, users []account.ImportUser) ([]string, error) {
	hashes := make([]string, len(users))
	var passwords []secret.Text
	for n, u := range users {
		switch {
		case u.PasswordHash != nil:
			hashes[n] = u.PasswordHash.Reveal()
		case u.Password != nil:
			passwords = append(passwords, account.NormalizePassword(*u.Password))
		}
	}
	computed, err := s.passwords.HashAll(ctx, passwords)
	if err != nil {
		return nil, err
	}
	for n, u := range users {
		if u.Password != nil {
			hashes[n], computed = computed[0], computed[1:]
		}
	}
	return hashes, nil
}
