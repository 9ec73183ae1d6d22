package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// target names a user in the activity log.
func (u User) Target() Target { return Target{access.EntityUser, u.ID, u.Email} }

func (c Credential) Target() Target { return Target{access.EntityUser, c.UserID, c.Email} }

// put sets a field to what an update has for it, if anything.
func SetIfPresent[T any](field *T, up *T) {
	if up != nil {
		*field = *up
	}
}

// value is what a pointer points to, or the zero value for nil.
func Deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// present is a pointer to a value, or nil for the zero value.
func Present[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// Preferences are what a user has chosen for himself. Clients use them; the server
// only keeps them.
type Preferences struct {
	Language  string // BCP 47
	ProfileID int    // opened after sign-in
}

// PreferencesUpdate changes preferences. What is nil stays as it is.
type PreferencesUpdate struct {
	Language  *string
	ProfileID *int
}

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
func (u User) SortName() string { return CaseFold(u.Name) }

// SearchText: see SortName.
func (u User) SearchText() string {
	surname := ""
	if u.Surname != nil {
		surname = *u.Surname
	}
	return CaseFold(u.Name + " " + surname + " " + u.Email)
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
func (c Credential) HasLocalPassword() bool {
	return c.Provider == ProviderLocal && c.PasswordHash != ""
}

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
func (u UserUpdate) TouchesProfile() bool {
	return u.Name != nil || u.Surname != nil || u.Department != nil || u.Biography != nil || u.Picture != nil
}

// access reports whether the update touches what user:edit-access is for.
func (u UserUpdate) TouchesAccess() bool {
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
func (up UserUpdate) Apply(u *User) (EmailKey, error) {
	var c Checker
	set := func(field **string, path string, to **string, maxLength int) {
		if to != nil {
			c.Optional(path, *to, maxLength)
			*field = *to
		}
	}
	if up.Name != nil {
		c.Name("/name", *up.Name)
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
	key := c.Email("/email", u.Email)
	if up.Password != nil {
		c.NewPassword("/password", *up.Password)
	}
	if up.Active != nil {
		u.Active = *up.Active
	}
	return key, c.Err()
}

// holdsRole reports whether the user has the role.
func (u User) HoldsRole(id int64) bool { return slices.Contains(u.RoleIDs, id) }

// described tells the activity log what a new user begins with.
func (u User) LogFields() []FieldChange {
	return []FieldChange{
		{Field: "name", To: u.Name}, {Field: "email", To: u.Email}, {Field: "active", To: u.Active}, {Field: "roles", To: u.RoleIDs},
	}
}

// optional is a value for the activity log, or nil where there is none.
func OrNil[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

func FindUser(ctx context.Context, r UserReader, id int64, now time.Time) (User, error) {
	u, err := r.User(ctx, id, now)
	if errors.Is(err, ErrNotFound) {
		return User{}, NotFound()
	}
	return u, err
}

// local is the user who is made of it, with these roles.
func (u NewUser) ToUser(roles []int64) User {
	return User{
		Email: u.Email, Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography,
		Picture: u.Picture, Provider: ProviderLocal, Identifier: u.Email, Active: u.Active,
		EULAVersion: NoEULA, RoleIDs: roles,
	}
}

const AddressTaken = "is the address of another user"

func EmailTaken(paths ...string) *Error {
	e := &Error{Code: CodeEmailTaken, Message: "There is a user with this e-mail address already."}
	for _, p := range paths {
		e.Details = append(e.Details, Detail{p, AddressTaken})
	}
	return e
}
