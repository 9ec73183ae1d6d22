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

// AddImportRows takes the next rows of an import, the first of which has the number
// first, and returns what is wrong with them. Rows that are there already are
// skipped, so a repeat does no harm. A dry run goes on after a fault; any other
// import is undone by one, as whole as it is.
//
// It fails with CodeInvalid where rows are missing before first, with CodeTooLarge
// for more than MaxImportRows, and with CodeImportState unless the import is open.
func (s *Imports) AddImportRows(ctx context.Context, caller *account.Principal, id int64, first int, users []account.ImportUser) (account.Import, []account.ImportFault, error) {
	for {
		i, faults, err := s.addImportRows(ctx, caller, id, first, users)
		if !errors.Is(err, errImportMoved) && !errors.Is(err, account.ErrEmailTaken) {
			return i, faults, err
		}
	}
}

// errImportMoved means that another request has added rows in the meantime.
var errImportMoved = errors.New("the import has other rows than a moment ago")

func (s *Imports) addImportRows(ctx context.Context, caller *account.Principal, id int64, first int, users []account.ImportUser) (account.Import, []account.ImportFault, error) {
	i, err := s.Import(ctx, caller, id)
	if err != nil {
		return i, nil, err
	}
	users, err = missingRows(i, first, users)
	if err != nil || len(users) == 0 {
		return i, nil, err
	}
	rows, faults, err := s.checkImport(ctx, i, users)
	switch {
	case err != nil:
		return i, nil, err
	case i.DryRun:
		i, err = s.noteImport(ctx, caller, i, rows, len(faults))
		return i, faults, err
	case len(faults) == 0:
		i, err = s.createImported(ctx, caller, i, users, rows)
		return i, nil, err
	}
	i, err = s.failImport(ctx, caller, i, len(faults))
	return i, faults, err
}

// missing returns those of the users that the import does not have yet.
func missingRows(i account.Import, first int, users []account.ImportUser) ([]account.ImportUser, error) {
	switch {
	case len(users) == 0:
		return nil, account.Invalid(account.Detail{Path: "/users", Message: "must have at least one user"})
	case len(users) > MaxImportRows:
		return nil, &account.Error{Code: account.CodeTooLarge, Message: fmt.Sprintf("At most %d users can be imported at once.", MaxImportRows)}
	case i.State != account.ImportOpen:
		return nil, wrongState(i)
	case first < 1 || first > i.Rows+1:
		return nil, account.Invalid(account.Detail{Path: "/first", Message: fmt.Sprintf("must be from 1 to %d, the number of the next row", i.Rows+1)})
	}
	return users[min(i.Rows+1-first, len(users)):], nil
}

// checkImport applies every rule to the next rows of an import.
func (s *Imports) checkImport(ctx context.Context, i account.Import, users []account.ImportUser) ([]account.ImportRow, []account.ImportFault, error) {
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
		same, twice := first[row.Key]
		switch {
		case row.Key == "": // at fault already
		case twice:
			c.Fail("/email", fmt.Sprintf("is the same address as that of row %d", same))
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

// checkImportUser checks one row of an import and returns its address's key.
func checkImportUser(c *account.Checker, u account.ImportUser) account.EmailKey {
	c.Name("/name", u.Name)
	key := c.Email("/email", u.Email)
	c.OptionalText("/surname", u.Surname, account.MaxNameLength)
	c.OptionalText("/department", u.Department, account.MaxNameLength)
	c.OptionalText("/biography", u.Biography, account.MaxBiographyLength)
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

// noteImport notes the rows of a dry run.
func (s *Imports) noteImport(ctx context.Context, caller *account.Principal, was account.Import, rows []account.ImportRow, faults int) (account.Import, error) {
	return s.addTo(ctx, caller, was, func(ctx context.Context, tx account.Tx, _ *account.Principal, i *account.Import) error {
		i.Rows += len(rows)
		i.Faults += faults
		var noted []account.ImportRow
		for _, row := range rows {
			if row.Key != "" {
				noted = append(noted, account.ImportRow{Row: row.Row, Key: row.Key})
			}
		}
		return tx.InsertImportRows(ctx, i.ID, noted)
	})
}

// createImported makes the users of rows that were checked, some in each
// transaction. Should an address have been taken in the meantime, it stops and
// fails with ErrEmailTaken.
func (s *Imports) createImported(ctx context.Context, caller *account.Principal, i account.Import, users []account.ImportUser, rows []account.ImportRow) (account.Import, error) {
	hashes, err := s.importHashes(ctx, users)
	for len(rows) > 0 && err == nil {
		n := min(importStep, len(rows))
		i, err = s.createSome(ctx, caller, i, users[:n], rows[:n], hashes[:n])
		users, rows, hashes = users[n:], rows[n:], hashes[n:]
	}
	return i, err
}

// createSome is one transaction of createImported.
func (s *Imports) createSome(ctx context.Context, caller *account.Principal, was account.Import, users []account.ImportUser, rows []account.ImportRow, hashes []string) (account.Import, error) {
	made := make([]account.NewUser, len(rows))
	keys := make([]account.EmailKey, len(rows))
	for n, u := range users {
		made[n] = account.NewUser{Email: u.Email, Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography}
		keys[n] = rows[n].Key
	}
	return s.addTo(ctx, caller, was, func(ctx context.Context, tx account.Tx, caller *account.Principal, i *account.Import) error {
		created, err := s.users.InsertUsers(ctx, tx, caller, made, keys, hashes)
		if err != nil {
			return err
		}
		rows := slices.Clone(rows)
		for n := range rows {
			rows[n].UserID = created[n].ID
		}
		i.Rows += len(rows)
		return tx.InsertImportRows(ctx, i.ID, rows)
	})
}

// importHashes returns the hash of each user: the one given, that of the password,
// or none.
func (s *Imports) importHashes(ctx context.Context, users []account.ImportUser) ([]string, error) {
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
	made, err := s.passwords.HashAll(ctx, passwords)
	if err != nil {
		return nil, err
	}
	for n, u := range users {
		if u.Password != nil {
			hashes[n], made = made[0], made[1:]
		}
	}
	return hashes, nil
}

// addTo is changeImport for an import that still is as it was read.
func (s *Imports) addTo(ctx context.Context, caller *account.Principal, was account.Import, f func(context.Context, account.Tx, *account.Principal, *account.Import) error) (account.Import, error) {
	return s.changeImport(ctx, caller, was.ID, func(ctx context.Context, tx account.Tx, caller *account.Principal, i *account.Import) error {
		switch {
		case i.State != account.ImportOpen:
			return wrongState(*i)
		case i.Rows != was.Rows:
			return errImportMoved
		}
		return f(ctx, tx, caller, i)
	})
}
