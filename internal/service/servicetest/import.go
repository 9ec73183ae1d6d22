package servicetest

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// BcryptHash is a bcrypt hash of [Password], at the lowest cost.
const BcryptHash = "$2a$04$bkxuduh4QEpJBMFTfF6NBOxIyK3a9qSJ2tL0k4RYpmtc.29B5aNGy"

// ImportRow returns an import row with the hash [BcryptHash]. FinishImport activates its
// user.
func ImportRow(email string) account.ImportUser {
	return account.ImportUser{
		Profile: account.Profile{Name: "New"}, Email: email, Active: true, PasswordHash: new(secret.New(BcryptHash)),
	}
}

// ImportRows returns one import row for each n in [from, to], with the address
// userN@example.net.
func ImportRows(from, to int) (users []account.ImportUser) {
	for n := from; n <= to; n++ {
		users = append(users, ImportRow(fmt.Sprintf("user%d@example.net", n)))
	}
	return users
}

// StartImport begins an import.
func (f *Fixture) StartImport(caller *account.Principal, dryRun bool) account.Import {
	f.T.Helper()
	i, err := f.BeginImport(f.T.Context(), caller, dryRun)
	if err != nil {
		f.T.Fatal(err)
	}
	return i
}

// AddRows adds valid rows to an import. first is the number of the first row.
func (f *Fixture) AddRows(
	caller *account.Principal, id int64, first int, users ...account.ImportUser,
) account.Import {
	f.T.Helper()
	i, faults, err := f.AddImportRows(f.T.Context(), caller, id, first, users)
	if err != nil || len(faults) > 0 {
		f.T.Fatalf("add rows: faults %v, error %v", faults, err)
	}
	return i
}
