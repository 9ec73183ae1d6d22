package client

import (
	"encoding/json"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// Provider says who checks the sign-in of a user.
type Provider string

// The providers. New ones may come.
const (
	ProviderTenable Provider = "tenable" // the server itself, with its own passwords
	ProviderLDAP    Provider = "ldap"    // a directory
	ProviderSAML    Provider = "saml"    // an identity provider
	ProviderTone    Provider = "tone"    // Tenable One
)

// User is a user as the server tells it. The types that a server answers marshal to JSON in
// the form of the contract.
type User struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`    // the first name, or the only one
	Surname     *string  `json:"surname"` // nil: none; likewise below
	Email       string   `json:"email"`
	Provider    Provider `json:"provider"`
	Identifier  string   `json:"identifier"` // login name at the provider; the address of a local user
	Department  *string  `json:"department"`
	Biography   *string  `json:"biography"`
	Active      bool     `json:"active"` // may sign in
	Picture     Picture  `json:"picture"`
	LockedOut   bool     `json:"lockedOut"`   // password sign-in is locked after too many failures
	EULAVersion int      `json:"eulaVersion"` // licence agreement accepted; -1 for none
	RoleIDs     []int64  `json:"roles"`       // ascending
}

// Whoami is the owner of a token. Unlike in [User], the roles are there in full.
type Whoami struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Surname     *string  `json:"surname"`
	Email       string   `json:"email"`
	Provider    Provider `json:"provider"`
	Identifier  string   `json:"identifier"`
	Department  *string  `json:"department"`
	Biography   *string  `json:"biography"`
	Active      bool     `json:"active"`
	Picture     Picture  `json:"picture"`
	LockedOut   bool     `json:"lockedOut"`
	EULAVersion int      `json:"eulaVersion"`
	Internal    bool     `json:"internal"` // an account of the server itself; false for people
	Roles       []Role   `json:"roles"`    // by id
}

// Picture is the bytes of a picture, at most 65,536; nil for none. In JSON it is an
// array of numbers.
type Picture []byte

// MarshalJSON writes the bytes as numbers, or null.
func (p Picture) MarshalJSON() ([]byte, error) { return json.Marshal(pictureToWire(p)) }

// UnmarshalJSON reads an array of numbers from 0 to 255, or null.
func (p *Picture) UnmarshalJSON(raw []byte) error {
	var numbers *[]int
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return err
	}
	if numbers != nil {
		for _, n := range *numbers {
			if n < 0 || n > 255 {
				return fmt.Errorf("%d is not a byte", n)
			}
		}
	}
	*p = pictureFromWire(numbers)
	return nil
}

func pictureToWire(p Picture) *[]int {
	if p == nil {
		return nil
	}
	numbers := make([]int, len(p))
	for i, b := range p {
		numbers[i] = int(b)
	}
	return &numbers
}

func pictureFromWire(numbers *[]int) Picture {
	if numbers == nil {
		return nil
	}
	p := make(Picture, len(*numbers))
	for i, n := range *numbers {
		p[i] = byte(n)
	}
	return p
}

func userFromWire(w wire.User) User {
	return User{
		ID:          w.ID,
		Name:        w.Name,
		Surname:     w.Surname,
		Email:       w.Email,
		Provider:    Provider(w.Provider),
		Identifier:  w.Identifier,
		Department:  w.Department,
		Biography:   w.Biography,
		Active:      w.Active,
		Picture:     pictureFromWire(w.Picture),
		LockedOut:   w.LockedOut,
		EULAVersion: w.EulaVersion,
		RoleIDs:     w.Roles,
	}
}

func usersFromWire(w []wire.User) []User {
	users := make([]User, len(w))
	for i := range w {
		users[i] = userFromWire(w[i])
	}
	return users
}

func whoamiFromWire(w wire.Whoami) Whoami {
	return Whoami{
		ID:          w.ID,
		Name:        w.Name,
		Surname:     w.Surname,
		Email:       w.Email,
		Provider:    Provider(w.Provider),
		Identifier:  w.Identifier,
		Department:  w.Department,
		Biography:   w.Biography,
		Active:      w.Active,
		Picture:     pictureFromWire(w.Picture),
		LockedOut:   w.LockedOut,
		EULAVersion: w.EulaVersion,
		Internal:    w.Internal,
		Roles:       rolesFromWire(w.Roles),
	}
}
