package client

import (
	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// MaxNewUsers is how many users one [Client.CreateUsers] may create.
const MaxNewUsers = 1000

// NewUser is what a local user is created from. It prints with its password
// masked.
type NewUser struct {
	Name       string  // the first name, or the only one; 1 to 256 characters
	Email      string  // what the user signs in with; unique regardless of case
	Password   string  // a secret
	Surname    *string // nil: none; likewise below. At most 256 characters
	Department *string // at most 256 characters
	Biography  *string // at most 4096 characters
	Active     bool    // may sign in
	Picture    Picture
}

// UserUpdate says what to change of a user. Its zero value changes nothing. A field
// that cannot be cleared is a pointer, and nil leaves it alone:
//
//	client.UserUpdate{Email: new("ada@example.com"), Department: client.Set("Engines"), Biography: client.Clear[string]()}
//
// It prints with its password masked.
type UserUpdate struct {
	Name       *string
	Surname    Change[string]
	Department Change[string]
	Biography  Change[string]
	Picture    Change[Picture]

	Email    *string
	Password *string // for another user, who has to change it at the next sign-in; a secret
	Active   *bool   // false ends all sessions and suspends all API keys
	Unlock   bool    // lift the lock that too many failed sign-ins set
	KeepKeys bool    // with Password: leave the API keys of the user, which a new password ends
}

// Change is what happens to a field that may be empty. Its zero value leaves the
// field alone; [Set] and [Clear] make the others.
type Change[T any] struct{ field nullable.Nullable[T] }

// Set changes a field to value.
func Set[T any](value T) Change[T] {
	return Change[T]{nullable.NewNullableWithValue(value)}
}

// Clear empties a field: it is null from then on.
func Clear[T any]() Change[T] {
	return Change[T]{nullable.NewNullNullable[T]()}
}

func (u NewUser) toWire() wire.NewUser {
	w := wire.NewUser{
		Name:       u.Name,
		Email:      u.Email,
		Password:   u.Password,
		Surname:    u.Surname,
		Department: u.Department,
		Biography:  u.Biography,
		Picture:    pictureToWire(u.Picture),
	}
	if u.Active {
		w.Active = &u.Active
	}
	return w
}

func (u UserUpdate) toWire() wire.UserUpdate {
	w := wire.UserUpdate{
		Name:       u.Name,
		Surname:    u.Surname.field,
		Department: u.Department.field,
		Biography:  u.Biography.field,
		Email:      u.Email,
		Password:   u.Password,
		Active:     u.Active,
	}
	switch picture := u.Picture.field; {
	case picture.IsNull():
		w.Picture = nullable.NewNullNullable[[]int]()
	case picture.IsSpecified():
		numbers := []int{}
		if p := pictureToWire(picture.MustGet()); p != nil {
			numbers = *p
		}
		w.Picture = nullable.NewNullableWithValue(numbers)
	}
	if u.Unlock {
		w.LockedOut = new(bool)
	}
	return w
}
