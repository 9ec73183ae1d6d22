package servicetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ListedUsers returns all users that the first administrator can list.
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

// AddUser stores an active local user with [Password] and returns the user's id. The name is
// the local part of email. Without roles the user gets the default roles.
func (f *Fixture) AddUser(email string, roles ...int64) int64 {
	f.T.Helper()
	if len(roles) == 0 {
		roles = access.DefaultRoles
	}
	return f.StoreUser(account.User{Email: email, Active: true, RoleIDs: roles})
}

// StoreUser writes the user u directly to the database and returns the id. A local user gets
// [Password].
func (f *Fixture) StoreUser(u account.User) (id int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) (err error) {
		id, err = f.StoreUserIn(ctx, tx, u)
		return err
	})
	return id
}

// StoreUserIn is like [Fixture.StoreUser], in the transaction tx.
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

// StoredUser reads a user directly from the database.
func (f *Fixture) StoredUser(id int64) account.User {
	f.T.Helper()
	u, err := f.Store.Inner.User(f.T.Context(), id, f.Clock.Now())
	if err != nil {
		f.T.Fatal(err)
	}
	return u
}

// UpdateUserAsAdmin updates a user, with the first administrator as the caller.
func (f *Fixture) UpdateUserAsAdmin(id int64, up account.UserUpdate) error {
	f.T.Helper()
	_, err := f.UpdateUser(f.T.Context(), f.As(AdminEmail), id, up)
	return err
}

// NewUser returns a valid user with [Password], for CreateUsers.
func NewUser(email string) account.NewUser {
	return account.NewUser{
		Profile: account.Profile{Name: "New"}, Email: email, Password: secret.New(Password), Active: true,
	}
}

// UserID returns the id of the user with an e-mail address.
func (f *Fixture) UserID(email string) int64 {
	f.T.Helper()
	key, _ := account.ParseEmail(email)
	return Must(f.Store.Inner.CredentialByEmail(f.T.Context(), key)).UserID
}

// StoreRolesOf replaces the roles of a user directly in the database.
func (f *Fixture) StoreRolesOf(id int64, roles ...int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SetUserRoles(ctx, id, roles) })
}
