package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// MaxNewUsers is the largest number of users that one request creates.
const MaxNewUsers = 1000

// Provider names the system that verifies a user's password.
type Provider string

// The providers.
const (
	ProviderLocal Provider = "tenable" // Usher itself; the contract gives it this name
	ProviderLDAP  Provider = "ldap"
	ProviderSAML  Provider = "saml"
	ProviderTone  Provider = "tone"
)

// NoEULA is the value of EULAVersion for a user who has not accepted a license agreement.
const NoEULA = -1

// User is an account.
type User struct {
	ID    int64
	Email string // as the user entered it; mail is sent to this address
	Profile
	Provider          Provider
	Identifier        string // login name at the provider; for a local user, the address
	Active            bool   // whether the user may sign in
	LockedOut         bool   // whether sign-ins from unknown networks are locked now
	NeedPasswordReset bool
	EULAVersion       int
	RoleIDs           []int64 // sorted
}

// Target names the user in the activity log.
func (u User) Target() Target {
	return Target{Kind: access.EntityUser, ID: u.ID, Name: u.Email}
}

// SortName returns the case-folded name. Lists are sorted by it.
func (u User) SortName() string { return CaseFold(u.Name) }

// SearchText returns the case-folded text that a search looks at: the name, the surname and the
// address.
func (u User) SearchText() string {
	return CaseFold(u.Name + " " + Deref(u.Surname) + " " + u.Email)
}

// HoldsRole reports whether the user has the role.
func (u User) HoldsRole(id int64) bool { return slices.Contains(u.RoleIDs, id) }

// LogFields returns the fields of a new user that the activity log records.
func (u User) LogFields() []FieldChange {
	return []FieldChange{
		{Field: "name", To: u.Name},
		{Field: "email", To: u.Email},
		{Field: "active", To: u.Active},
		{Field: "roles", To: u.RoleIDs},
	}
}

// StoredUser is a user with the fields that only the store and sign-in need.
type StoredUser struct {
	User
	Key          EmailKey
	PasswordHash string // "": no password
}

// userFinder is the part of [UserReader] that FindUser needs.
type userFinder interface {
	User(ctx context.Context, id int64, now time.Time) (User, error)
}

// FindUser returns the user with this id. If there is none, it fails with CodeNotFound.
func FindUser(ctx context.Context, r userFinder, id int64, now time.Time) (User, error) {
	u, err := r.User(ctx, id, now)
	if errors.Is(err, ErrNotFound) {
		return User{}, NotFound()
	}
	return u, err
}

// NewUser is the input for a new user.
type NewUser struct {
	Email string
	Profile
	Password secret.Text
	Active   bool
	Invite   bool // whether to mail the user a link to choose a password; requires Active and no Password
}

// ToUser returns the local user that u describes, with the given roles.
func (u NewUser) ToUser(roleIDs []int64) User {
	return User{
		Email: u.Email, Profile: u.Profile,
		Provider: ProviderLocal, Identifier: u.Email, Active: u.Active,
		EULAVersion: NoEULA, RoleIDs: roleIDs,
	}
}

// UserUpdate changes a user. A nil field stays unchanged. A pointer to nil clears an optional
// field.
type UserUpdate struct {
	ProfileUpdate
	Email    *string
	Password *secret.Text
	Active   *bool
	Unlock   bool // whether to end a lockout
	KeepKeys bool // with Password: whether the user's API keys stay valid
}

// TouchesProfile reports whether the update changes the profile, which requires user:edit.
func (up UserUpdate) TouchesProfile() bool {
	return !up.ProfileUpdate.IsEmpty()
}

// TouchesAccess reports whether the update changes the user's access, which requires
// user:edit-access.
func (up UserUpdate) TouchesAccess() bool {
	return up.Email != nil || up.Password != nil || up.Active != nil || up.Unlock
}

// Apply validates the update and applies it to u, except for Password and Unlock, which are not
// fields of a User. It returns the key of u's new address. It fails with CodeInvalid; the state of
// u is then undefined.
func (up UserUpdate) Apply(u *User) (EmailKey, error) {
	var c Checker
	up.ProfileUpdate.apply(&u.Profile, &c)
	key, _ := ParseEmail(u.Email)
	if up.Email != nil && *up.Email != u.Email {
		if u.Identifier == u.Email {
			u.Identifier = *up.Email
		}
		u.Email = *up.Email
		key = c.Email("/email", u.Email)
	}
	if up.Password != nil {
		c.NewPassword("/password", *up.Password)
	}
	if up.Active != nil {
		u.Active = *up.Active
	}
	return key, c.Err()
}

// Preferences are a user's own choices for the clients that show them. The server only stores them.
type Preferences struct {
	Language  string // BCP 47
	ProfileID int    // the profile that clients open after sign-in
}

// PreferencesUpdate changes preferences. A nil field stays unchanged.
type PreferencesUpdate struct {
	Language  *string
	ProfileID *int
}
