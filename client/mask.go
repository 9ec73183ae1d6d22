package client

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// The types that carry a secret show a mask wherever they are printed, logged or
// marshalled, for every verb of fmt.

type (
	plainNewUser     NewUser
	plainUserUpdate  UserUpdate
	plainLoginResult LoginResult
	plainImportUser  ImportUser
	plainCreatedKey  CreatedKey

	plainApplicationSettingsUpdate ApplicationSettingsUpdate
	plainLDAPConfigurationUpdate   LDAPConfigurationUpdate
)

func (u NewUser) masked() plainNewUser {
	u.Password = secret.Mask
	return plainNewUser(u)
}

func (u UserUpdate) masked() plainUserUpdate {
	if u.Password != nil {
		u.Password = new(secret.Mask)
	}
	return plainUserUpdate(u)
}

func (u ImportUser) masked() plainImportUser {
	if u.Password != nil {
		u.Password = new(secret.Mask)
	}
	if u.PasswordHash != nil {
		u.PasswordHash = new(secret.Mask)
	}
	return plainImportUser(u)
}

func (r LoginResult) masked() plainLoginResult {
	r.Token = secret.Mask
	return plainLoginResult(r)
}

func (u ApplicationSettingsUpdate) masked() plainApplicationSettingsUpdate {
	u.SMTPAccountPassword = maskedChange(u.SMTPAccountPassword)
	return plainApplicationSettingsUpdate(u)
}

func (u LDAPConfigurationUpdate) masked() plainLDAPConfigurationUpdate {
	u.SearchUserPassword = maskedChange(u.SearchUserPassword)
	return plainLDAPConfigurationUpdate(u)
}

// maskedChange is a change of a secret that tells whether it is set or cleared.
func maskedChange(change Change[string]) Change[string] {
	if change.field.IsSpecified() && !change.field.IsNull() {
		return Set(secret.Mask)
	}
	return change
}

// Format prints the user without the password.
func (u NewUser) Format(f fmt.State, verb rune) { format(f, verb, u.masked()) }

// LogValue is the user without the password.
func (u NewUser) LogValue() slog.Value { return slog.AnyValue(u.masked()) }

// MarshalJSON writes the user without the password; CreateUsers sends it.
func (u NewUser) MarshalJSON() ([]byte, error) { return json.Marshal(u.masked()) }

// Format prints the update without the password.
func (u UserUpdate) Format(f fmt.State, verb rune) { format(f, verb, u.masked()) }

// LogValue is the update without the password.
func (u UserUpdate) LogValue() slog.Value { return slog.AnyValue(u.masked()) }

// MarshalJSON writes the update without the password; UpdateUser sends it.
func (u UserUpdate) MarshalJSON() ([]byte, error) { return json.Marshal(u.masked()) }

// Format prints the row without password and hash.
func (u ImportUser) Format(f fmt.State, verb rune) { format(f, verb, u.masked()) }

// LogValue is the row without password and hash.
func (u ImportUser) LogValue() slog.Value { return slog.AnyValue(u.masked()) }

// MarshalJSON writes the row without password and hash; AddImportRows sends them.
func (u ImportUser) MarshalJSON() ([]byte, error) { return json.Marshal(u.masked()) }

// Format prints the session without the token.
func (r LoginResult) Format(f fmt.State, verb rune) { format(f, verb, r.masked()) }

// LogValue is the session without the token.
func (r LoginResult) LogValue() slog.Value { return slog.AnyValue(r.masked()) }

// MarshalJSON writes the session without the token.
func (r LoginResult) MarshalJSON() ([]byte, error) { return json.Marshal(r.masked()) }

func (k CreatedKey) masked() plainCreatedKey {
	k.Key = secret.Mask
	return plainCreatedKey(k)
}

// Format prints the key without its text.
func (k CreatedKey) Format(f fmt.State, verb rune) { format(f, verb, k.masked()) }

// LogValue is the key without its text.
func (k CreatedKey) LogValue() slog.Value { return slog.AnyValue(k.masked()) }

// MarshalJSON writes the key without its text.
func (k CreatedKey) MarshalJSON() ([]byte, error) { return json.Marshal(k.masked()) }

// Format prints the update without the password.
func (u ApplicationSettingsUpdate) Format(f fmt.State, verb rune) { format(f, verb, u.masked()) }

// LogValue is the update without the password.
func (u ApplicationSettingsUpdate) LogValue() slog.Value { return slog.AnyValue(u.masked()) }

// MarshalJSON writes the update without the password; UpdateApplicationSettings sends it.
func (u ApplicationSettingsUpdate) MarshalJSON() ([]byte, error) { return json.Marshal(u.masked()) }

// Format prints the update without the password.
func (u LDAPConfigurationUpdate) Format(f fmt.State, verb rune) { format(f, verb, u.masked()) }

// LogValue is the update without the password.
func (u LDAPConfigurationUpdate) LogValue() slog.Value { return slog.AnyValue(u.masked()) }

// MarshalJSON writes the update without the password; UpdateLDAPConfiguration sends it.
func (u LDAPConfigurationUpdate) MarshalJSON() ([]byte, error) { return json.Marshal(u.masked()) }

func format(f fmt.State, verb rune, masked any) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), masked)
}
