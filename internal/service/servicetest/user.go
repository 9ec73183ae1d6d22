package servicetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// users returns all users, as the administrator sees them.
func (f *Fixture) ListedUsers() (all []account.User) {
	f.T.Helper()
	err := f.ListUsers(f.T.Context(), f.As(AdminEmail), func(u account.User) error {
		all = append(all, u)
		return nil
	})
	if err != nil {
		f.T.Fatal(err)
	}
	return all
}

// user stores an active local user named after its address, whose password is
// password. Without roles it gets the default ones.
func (f *Fixture) AddUser(email string, roles ...int64) int64 {
	f.T.Helper()
	if len(roles) == 0 {
		roles = access.DefaultRoles
	}
	return f.InsertStoredUser(account.User{Email: email, Active: true, RoleIDs: roles})
}

// insert stores a user as it stands; a local one has the password password.
func (f *Fixture) InsertStoredUser(u account.User) (id int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx account.Tx) (err error) {
		id, err = f.InsertStoredUserIn(ctx, tx, u)
		return err
	})
	return id
}

func (f *Fixture) InsertStoredUserIn(ctx context.Context, tx account.Tx, u account.User) (int64, error) {
	key, ok := account.ParseEmail(u.Email)
	if !ok {
		return 0, fmt.Errorf("%q is no address", u.Email)
	}
	u.Name, _, _ = strings.Cut(u.Email, "@")
	u.Identifier, u.EULAVersion = u.Email, account.NoEULA
	hash := ""
	if u.Provider == "" {
		u.Provider, hash = account.ProviderLocal, f.PasswordHash
	}
	return tx.InsertUser(ctx, u, key, hash, f.Clock.Now())
}

// find returns a user as it is stored.
func (f *Fixture) StoredUser(id int64) account.User {
	f.T.Helper()
	u, err := f.Store.Inner.User(f.T.Context(), id, f.Clock.Now())
	if err != nil {
		f.T.Fatal(err)
	}
	return u
}

// update has the administrator update a user.
func (f *Fixture) UpdateAsAdmin(id int64, up account.UserUpdate) error {
	f.T.Helper()
	_, err := f.UpdateUser(f.T.Context(), f.As(AdminEmail), id, up)
	return err
}

// newUser is a user that can be created.
func NewUser(email string) account.NewUser {
	return account.NewUser{Name: "New", Email: email, Password: secret.New(Password), Active: true}
}

// userID returns the id of the user with an address.
func (f *Fixture) UserID(email string) int64 {
	f.T.Helper()
	key, _ := account.ParseEmail(email)
	return Must(f.Store.Inner.CredentialByEmail(f.T.Context(), key)).UserID
}

// setRoles gives a user these roles, past the rules.
func (f *Fixture) SetStoredRoles(id int64, roles ...int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx account.Tx) error { return tx.SetUserRoles(ctx, id, roles) })
}
