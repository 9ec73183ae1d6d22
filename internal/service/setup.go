package service

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Errors of [Service.SetUp] and [Service.CheckKey].
var (
	// ErrWrongKey means that the data needs a server key that this process does not have. It
	// must not write to the database.
	ErrWrongKey = errors.New("the server key is not the one that this database was set up with")
	// ErrNotSetUp means that no server has set up the database yet.
	ErrNotSetUp = errors.New("the database was never set up")
)

// FirstRun describes the first administrator of a new database.
type FirstRun struct {
	AdminEmail string
	// AdminPassword is the administrator's password. If it is empty, SetUp generates a
	// password, which the administrator must change at the first sign-in.
	AdminPassword secret.Text
	// SavePassword is called with a generated password before the commit. It may be called
	// more than once. If it fails, SetUp fails with its error.
	SavePassword func(secret.Text) error
}

// SetUp checks the server key against the database. In a new database it creates the
// built-in roles and the first administrator, in one transaction. If several servers start
// together, only one creates them. SetUp reports whether it has set up the database.
//
// It fails with [ErrWrongKey], and with CodeInvalid for an invalid administrator.
func (s *Service) SetUp(ctx context.Context, first FirstRun) (created bool, err error) {
	keys, err := s.store.ServerKeys(ctx)
	if err != nil {
		return false, err
	}
	if len(keys) > 0 {
		return false, s.CheckKey(ctx)
	}
	password, generated := first.AdminPassword, first.AdminPassword.Empty()
	if generated {
		if password, err = generatePassword(s.random); err != nil {
			return false, err
		}
	}
	admin := account.NewUser{
		Email: first.AdminEmail, Profile: account.Profile{Name: "Admin"}, Password: password, Active: true,
	}
	var c account.Checker
	emailKey := c.NewUser("/admin", admin)
	if err := c.Err(); err != nil {
		return false, err
	}
	hash, err := s.Auth.HashNew(ctx, password)
	if err != nil {
		return false, err
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		// This lock makes servers that start at the same time wait for each other.
		if _, err := tx.LockChain(ctx); err != nil {
			return err
		}
		keys, err := tx.ServerKeys(ctx)
		created = err == nil && len(keys) == 0
		if !created { // another server has set the database up
			return err
		}
		key := keyring.StoredKey{Check: s.keys.Checks()[0], State: keyring.Current, Since: s.now()}
		if err := tx.SaveServerKey(ctx, key); err != nil {
			return err
		}
		if err := s.Log.InitChain(ctx, tx); err != nil {
			return err
		}
		for _, r := range access.BuiltIn() {
			if _, err := tx.InsertRole(ctx, r); err != nil {
				return err
			}
		}
		user, err := s.Users.InsertUser(ctx, tx, admin, emailKey, hash, []int64{access.AdministratorRole})
		if err != nil {
			return err
		}
		if generated {
			if err := tx.SetPassword(ctx, user.ID, hash, true, s.now()); err != nil {
				return err
			}
			if err := first.SavePassword(password); err != nil {
				return err
			}
		}
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{
			Action: account.ActionUserCreate, Target: user.Target(), Changes: user.LogFields(),
		})
	})
	if err != nil {
		return false, err
	}
	return created, s.CheckKey(ctx)
}

// generatePassword returns a random password of about 116 bits that meets the password
// rule. It has no characters that are easily confused when a person reads or types them,
// such as l and 1.
func generatePassword(random io.Reader) (secret.Text, error) {
	const letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	const length, group = 20, 5
	for {
		text := make([]byte, 0, length+length/group)
		for len(text) < cap(text)-1 {
			if len(text)%(group+1) == group {
				text = append(text, '-')
				continue
			}
			var b [1]byte
			if _, err := io.ReadFull(random, b[:]); err != nil {
				return secret.Text{}, fmt.Errorf("generate a password: %w", err)
			}
			if int(b[0]) < 256/len(letters)*len(letters) { // larger bytes would favour the first letters
				text = append(text, letters[int(b[0])%len(letters)])
			}
		}
		if password := secret.New(string(text)); account.CheckNewPassword(password) == "" {
			return password, nil
		}
	}
}
