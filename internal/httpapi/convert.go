package httpapi

import (
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// From account's types to the wire.

func user(u account.User) wire.User {
	return wire.User{
		ID: u.ID, Name: u.Name, Surname: u.Surname, Email: u.Email, Provider: wire.Provider(u.Provider), Identifier: u.Identifier,
		Department: u.Department, Biography: u.Biography, Active: u.Active, Picture: picture(u.Picture), LockedOut: u.LockedOut,
		EulaVersion: u.EULAVersion, Roles: list(u.RoleIDs),
	}
}

func whoami(p *account.Principal) wire.Whoami {
	u := p.User
	return wire.Whoami{
		ID: u.ID, Name: u.Name, Surname: u.Surname, Email: u.Email, Provider: wire.Provider(u.Provider), Identifier: u.Identifier,
		Department: u.Department, Biography: u.Biography, Active: u.Active, Picture: picture(u.Picture), LockedOut: u.LockedOut,
		EulaVersion: u.EULAVersion, Internal: false, Roles: roles(p.Roles),
	}
}

// picture writes the bytes of a picture as the contract has them: numbers.
func picture(bytes []byte) *[]int {
	if len(bytes) == 0 {
		return nil
	}
	numbers := make([]int, len(bytes))
	for i, b := range bytes {
		numbers[i] = int(b)
	}
	return &numbers
}

// list makes sure that JSON has [] and not null.
func list(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}

func mailMessage(m account.Mail) wire.MailMessage {
	w := wire.MailMessage{
		ID: m.ID, Kind: wire.MailMessageKind(m.Kind), State: wire.MailMessageState(m.State), Attempts: m.Attempts,
		Recipient: text(m.Recipient), CreatedAt: m.Created, LastError: text(m.LastError),
	}
	switch m.State {
	case account.MailRequested, account.MailReady:
		w.NextAttemptAt = &m.NextAttempt
	case account.MailDelivered:
		w.DeliveredAt = &m.Finished
	}
	return w
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// From the wire to account's types.

func newUser(u wire.NewUser) account.NewUser {
	n := account.NewUser{
		Email: u.Email, Name: u.Name, Password: secret.New(u.Password),
		Surname: u.Surname, Department: u.Department, Biography: u.Biography,
		Active: u.Active != nil && *u.Active,
	}
	if u.Picture != nil {
		n.Picture = pictureBytes(*u.Picture)
	}
	return n
}

// pictureBytes is the inverse of picture; the contract bounds the numbers.
func pictureBytes(numbers []int) []byte {
	if len(numbers) == 0 {
		return nil
	}
	bytes := make([]byte, len(numbers))
	for i, n := range numbers {
		bytes[i] = byte(n)
	}
	return bytes
}

func userUpdate(u wire.UserUpdate) account.UserUpdate {
	up := account.UserUpdate{
		Name: u.Name, Surname: clearable(u.Surname), Department: clearable(u.Department), Biography: clearable(u.Biography),
		Email: u.Email, Active: u.Active,
		Unlock: u.LockedOut != nil, // the contract allows false alone
	}
	if u.Password != nil {
		password := secret.New(*u.Password)
		up.Password = &password
	}
	if u.Picture.IsSpecified() {
		numbers, _ := u.Picture.Get() // null: none
		bytes := pictureBytes(numbers)
		up.Picture = &bytes
	}
	return up
}

// clearable tells absent (nil), null (a nil inside) and a value apart.
func clearable[T any](n nullable.Nullable[T]) **T {
	if !n.IsSpecified() {
		return nil
	}
	var value *T
	if v, err := n.Get(); err == nil { // else it is null
		value = &v
	}
	return &value
}

// clearableSecret is clearable for a secret.
func clearableSecret(n nullable.Nullable[string]) **secret.Text {
	text := clearable(n)
	if text == nil {
		return nil
	}
	var value *secret.Text
	if *text != nil {
		hidden := secret.New(**text)
		value = &hidden
	}
	return &value
}

// mask stands for a secret that is set; nil where none is.
func mask(set bool) *string {
	if !set {
		return nil
	}
	masked := secret.Mask
	return &masked
}

// span is a time given as a number of units.
func span(n *int, unit time.Duration) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * unit
	return &d
}
