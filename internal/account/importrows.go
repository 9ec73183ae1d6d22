package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// PasswordHashRule says in words which hashes an import takes.
const PasswordHashRule = "must be an argon2id hash (PHC string, at most 64 MiB, 192 MiB over all passes, and 4 threads), a bcrypt hash ($2a$, $2b$ or $2y$, cost 4 to 12) or a pbkdf2_sha256 hash (as Django writes it, at most 1000000 iterations)"

// AddImportRows takes the next rows of an import, the first of which has the number
// first, and returns what is wrong with them. Rows that are there already are
// skipped, so a repeat does no harm. A dry run goes on after a fault; any other
// import is undone by one, as whole as it is.
//
// It fails with CodeInvalid where rows are missing before first, with CodeTooLarge
// for more than MaxImportRows, and with CodeImportState unless the import is open.
func (s *Service) AddImportRows(ctx context.Context, caller *Principal, id int64, first int, users []ImportUser) (Import, []ImportFault, error) {
	for {
		i, faults, err := s.addImportRows(ctx, caller, id, first, users)
		if !errors.Is(err, errImportMoved) && !errors.Is(err, ErrEmailTaken) {
			return i, faults, err
		}
	}
}

// errImportMoved means that another request has added rows in the meantime.
var errImportMoved = errors.New("the import has other rows than a moment ago")

func (s *Service) addImportRows(ctx context.Context, caller *Principal, id int64, first int, users []ImportUser) (Import, []ImportFault, error) {
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
func missingRows(i Import, first int, users []ImportUser) ([]ImportUser, error) {
	switch {
	case len(users) == 0:
		return nil, Invalid(Detail{"/users", "must have at least one user"})
	case len(users) > MaxImportRows:
		return nil, &Error{Code: CodeTooLarge, Message: fmt.Sprintf("At most %d users can be imported at once.", MaxImportRows)}
	case i.State != ImportOpen:
		return nil, wrongState(i)
	case first < 1 || first > i.Rows+1:
		return nil, Invalid(Detail{"/first", fmt.Sprintf("must be from 1 to %d, the number of the next row", i.Rows+1)})
	}
	return users[min(i.Rows+1-first, len(users)):], nil
}

// checkImport applies every rule to the next rows of an import.
func (s *Service) checkImport(ctx context.Context, i Import, users []ImportUser) ([]ImportRow, []ImportFault, error) {
	rows := make([]ImportRow, len(users))
	checks := make([]checker, len(users))
	keys := make([]EmailKey, len(users))
	for n, u := range users {
		keys[n] = checkImportUser(&checks[n], u)
		rows[n] = ImportRow{Row: i.Rows + 1 + n, Key: keys[n], Activate: u.Active}
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
	var faults []ImportFault
	for n, row := range rows {
		c := &checks[n]
		same, twice := first[row.Key]
		switch {
		case row.Key == "": // at fault already
		case twice:
			c.fail("/email", fmt.Sprintf("is the same address as that of row %d", same))
		default:
			first[row.Key] = row.Row
			if slices.Contains(taken, row.Key) {
				c.fail("/email", addressTaken)
			}
		}
		for _, d := range c.details {
			faults = append(faults, ImportFault{row.Row, d})
		}
	}
	return rows, faults, nil
}

// checkImportUser checks one row of an import and returns its address's key.
func checkImportUser(c *checker, u ImportUser) EmailKey {
	c.name("/name", u.Name)
	key := c.email("/email", u.Email)
	c.optional("/surname", u.Surname, MaxNameLength)
	c.optional("/department", u.Department, MaxNameLength)
	c.optional("/biography", u.Biography, MaxBiographyLength)
	switch {
	case u.Password != nil && u.PasswordHash != nil:
		c.fail("/passwordHash", "must not be given beside a password")
	case u.Password != nil:
		c.newPassword("/password", *u.Password)
	case u.PasswordHash != nil && passhash.Check(u.PasswordHash.Reveal()) != nil:
		c.fail("/passwordHash", PasswordHashRule)
	}
	return key
}

// noteImport notes the rows of a dry run.
func (s *Service) noteImport(ctx context.Context, caller *Principal, was Import, rows []ImportRow, faults int) (Import, error) {
	return s.addTo(ctx, caller, was, func(ctx context.Context, tx Tx, _ *Principal, i *Import) error {
		i.Rows += len(rows)
		i.Faults += faults
		var noted []ImportRow
		for _, row := range rows {
			if row.Key != "" {
				noted = append(noted, ImportRow{Row: row.Row, Key: row.Key})
			}
		}
		return tx.InsertImportRows(ctx, i.ID, noted)
	})
}

// createImported makes the users of rows that were checked, some in each
// transaction. Should an address have been taken in the meantime, it stops and
// fails with ErrEmailTaken.
func (s *Service) createImported(ctx context.Context, caller *Principal, i Import, users []ImportUser, rows []ImportRow) (Import, error) {
	hashes, err := s.importHashes(ctx, users)
	for len(rows) > 0 && err == nil {
		n := min(importStep, len(rows))
		i, err = s.createSome(ctx, caller, i, users[:n], rows[:n], hashes[:n])
		users, rows, hashes = users[n:], rows[n:], hashes[n:]
	}
	return i, err
}

// createSome is one transaction of createImported.
func (s *Service) createSome(ctx context.Context, caller *Principal, was Import, users []ImportUser, rows []ImportRow, hashes []string) (Import, error) {
	made := make([]NewUser, len(rows))
	keys := make([]EmailKey, len(rows))
	for n, u := range users {
		made[n] = NewUser{Email: u.Email, Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography}
		keys[n] = rows[n].Key
	}
	return s.addTo(ctx, caller, was, func(ctx context.Context, tx Tx, caller *Principal, i *Import) error {
		created, err := s.insertUsers(ctx, tx, caller, made, keys, hashes)
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
func (s *Service) importHashes(ctx context.Context, users []ImportUser) ([]string, error) {
	hashes := make([]string, len(users))
	var passwords []secret.Text
	for n, u := range users {
		switch {
		case u.PasswordHash != nil:
			hashes[n] = u.PasswordHash.Reveal()
		case u.Password != nil:
			passwords = append(passwords, normalPassword(*u.Password))
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
func (s *Service) addTo(ctx context.Context, caller *Principal, was Import, f func(context.Context, Tx, *Principal, *Import) error) (Import, error) {
	return s.changeImport(ctx, caller, was.ID, func(ctx context.Context, tx Tx, caller *Principal, i *Import) error {
		switch {
		case i.State != ImportOpen:
			return wrongState(*i)
		case i.Rows != was.Rows:
			return errImportMoved
		}
		return f(ctx, tx, caller, i)
	})
}
