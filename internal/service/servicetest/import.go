package servicetest

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// The hash of "Correct-Horse-1", as bcrypt has it at its lowest cost.
const BcryptHash = "$2a$04$bkxuduh4QEpJBMFTfF6NBOxIyK3a9qSJ2tL0k4RYpmtc.29B5aNGy"

// row is a row of an import with a password hash, active at the end.
func ImportRow(email string) account.ImportUser {
	return account.ImportUser{Name: "New", Email: email, Active: true, PasswordHash: new(secret.New(BcryptHash))}
}

// rowsOf returns so many rows, user1@example.net and on.
func ImportRows(from, to int) (users []account.ImportUser) {
	for n := from; n <= to; n++ {
		users = append(users, ImportRow(fmt.Sprintf("user%d@example.net", n)))
	}
	return users
}

func (f *Fixture) StartImport(caller *account.Principal, dryRun bool) account.Import {
	f.T.Helper()
	i, err := f.BeginImport(f.T.Context(), caller, dryRun)
	if err != nil {
		f.T.Fatal(err)
	}
	return i
}

// add adds rows that must be good.
func (f *Fixture) AddRows(caller *account.Principal, id int64, first int, users ...account.ImportUser) account.Import {
	f.T.Helper()
	i, faults, err := f.AddImportRows(f.T.Context(), caller, id, first, users)
	if err != nil || len(faults) > 0 {
		f.T.Fatalf("faults %v, error %v", faults, err)
	}
	return i
}
