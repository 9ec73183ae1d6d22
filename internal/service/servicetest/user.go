package servicetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ListedUsers returns all users, as the administrator sees them.
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

// AddUser stores an active local user with [Password], named after the local part of email, and
// returns its id. Without roles the user gets the default ones.
func (f *Fixture) AddUser(email string, roles ...int64) int64 {
	f.T.Helper()
	if len(roles) == 0 {
		roles = access.DefaultRoles
	}
	return f.StoreUser(account.User{Email: email, Active: true, RoleIDs: roles})
}

// StoreUser stores u without the rules and returns its id. A local user gets [Password].
func (f *Fixture) StoreUser(u account.User) (id int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) (err error) {
		id, err = f.StoreUserIn(ctx, tx, u)
		return err
	})
	return id
}

// StoreUserIn is [Fixture.StoreUser] in the transaction tx.
func (f *Fixture) StoreUserIn(ctx context.Context, tx *account.Tx, u account.User) (int64, error) {
	key, ok := account.ParseEmail(u.Email)
	if !ok {
		return 0, fmt.Errorf("%q is not an address", u.Email)
	}
	u.Name, _, _ = strings.Cut(u.Email, "@")
	u.Identifier, u.EULAVersion = u.Email, account.NoEULA
	hash := ""
	if u.Provider == "" {
		u.Provider, hash = account.ProviderLocal, f.PasswordHash
	}
	return tx.InsertUser(ctx, u, key, hash, f.Clock.Now())
}

// StoredUser returns a user from the inner store.
func (f *Fixture) StoredUser(id int64) account.User {
	f.T.Helper()
	u, err := f.Store.Inner.User(f.T.Context(), id, f.Clock.Now())
	if err != nil {
		f.T.Fatal(err)
	}
	return u
}

// UpdateUserAsAdmin updates a user as the administrator.
func (f *Fixture) UpdateUserAsAdmin(id int64, up account.UserUpdate) error {
	f.T.Helper()
	_, err := f.UpdateUser(f.T.Context(), f.As(AdminEmail), id, up)
	return err
}

// NewUser returns a valid input of CreateUsers, with [Password].
func NewUser(email string) account.NewUser {
	return account.NewUser{
		Profile: account.Profile{Name: "New"}, Email: email, Password: secret.New(Password), Active: true,
	}
}

// UserID returns the id of the user with the address email.
func (f *Fixture) UserID(email string) int64 {
	f.T.Helper()
	key, _ := account.ParseEmail(email)
	return Must(f.Store.Inner.CredentialByEmail(f.T.Context(), key)).UserID
}

// StoreRolesOf replaces the roles of a user, without the rules.
func (f *Fixture) StoreRolesOf(id int64, roles ...int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SetUserRoles(ctx, id, roles) })
}
