package account

import (
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Provider says who checks a user's password.
type Provider string

// The providers.
const (
	ProviderLocal Provider = "tenable" // Usher itself; the contract's name for it
	ProviderLDAP  Provider = "ldap"
	ProviderSAML  Provider = "saml"
	ProviderTone  Provider = "tone"
)

// NoEULA is the version of a licence agreement that nobody has accepted yet.
const NoEULA = -1

// User is an account.
type User struct {
	ID                int64
	Email             string // as it was given; mail goes there
	Name              string
	Surname           *string
	Department        *string
	Biography         *string
	Picture           []byte // nil: none
	Provider          Provider
	Identifier        string // login name at the provider; the address of a local user
	Active            bool   // may sign in
	LockedOut         bool   // sign-in from unknown sources is locked now
	NeedPasswordReset bool
	EULAVersion       int
	RoleIDs           []int64 // sorted
}

// SortName and SearchText are what lists are sorted by and searched in: in a form
// in which upper and lower case are one.
func (u User) SortName() string { return caseFold(u.Name) }

// SearchText: see SortName.
func (u User) SearchText() string {
	surname := ""
	if u.Surname != nil {
		surname = *u.Surname
	}
	return caseFold(u.Name + " " + surname + " " + u.Email)
}

// StoredUser is a user as the store keeps it, with what is shown to nobody.
type StoredUser struct {
	User
	Key          EmailKey
	PasswordHash string // empty: none
}

// Credential is what sign-in needs of an account.
type Credential struct {
	UserID            int64
	Email             string
	Name              string
	Provider          Provider
	PasswordHash      string // empty: has no password
	Active            bool
	NeedPasswordReset bool
}

// local reports whether the account has a password that Usher keeps.
func (c Credential) local() bool { return c.Provider == ProviderLocal && c.PasswordHash != "" }

// NewUser is what a user is created from.
type NewUser struct {
	Email      string
	Name       string
	Password   secret.Text
	Surname    *string
	Department *string
	Biography  *string
	Picture    []byte
	Active     bool
	Invite     bool // there is no Password: he chooses one with a message that he is sent. He is Active.
}

// UserUpdate changes a user. A nil field is left alone; the inner nil of a field
// that can be cleared clears it.
type UserUpdate struct {
	Name       *string
	Surname    **string
	Department **string
	Biography  **string
	Picture    *[]byte

	Email    *string
	Password *secret.Text
	Active   *bool
	Unlock   bool // end a lockout
	KeepKeys bool // with Password: do not end the API keys
}

// profile reports whether the update touches what user:edit is for.
func (u UserUpdate) profile() bool {
	return u.Name != nil || u.Surname != nil || u.Department != nil || u.Biography != nil || u.Picture != nil
}

// access reports whether the update touches what user:edit-access is for.
func (u UserUpdate) access() bool {
	return u.Email != nil || u.Password != nil || u.Active != nil || u.Unlock
}

// Limits of a user's fields, in characters, and of a picture, in bytes.
const (
	MaxNameLength      = 256 // name, surname, department
	MaxBiographyLength = 4096
	MaxPictureBytes    = 65536
	MaxNewUsers        = 1000 // at once
)

// apply checks the update and makes its changes to u, but for the password and
// the lock, which are not part of a User. The key is that of u's address after.
func (up UserUpdate) apply(u *User) (EmailKey, error) {
	var c checker
	set := func(field **string, path string, to **string, maxLength int) {
		if to != nil {
			c.optional(path, *to, maxLength)
			*field = *to
		}
	}
	if up.Name != nil {
		c.name("/name", *up.Name)
		u.Name = *up.Name
	}
	set(&u.Surname, "/surname", up.Surname, MaxNameLength)
	set(&u.Department, "/department", up.Department, MaxNameLength)
	set(&u.Biography, "/biography", up.Biography, MaxBiographyLength)
	if up.Picture != nil {
		c.picture("/picture", *up.Picture)
		u.Picture = *up.Picture
	}
	if up.Email != nil {
		if u.Identifier == u.Email {
			u.Identifier = *up.Email
		}
		u.Email = *up.Email
	}
	key := c.email("/email", u.Email)
	if up.Password != nil {
		c.newPassword("/password", *up.Password)
	}
	if up.Active != nil {
		u.Active = *up.Active
	}
	return key, c.err()
}

// holdsRole reports whether the user has the role.
func (u User) holdsRole(id int64) bool { return slices.Contains(u.RoleIDs, id) }
