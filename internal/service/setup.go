package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Errors of [Service.SetUp] and [Service.CheckKey].
var (
	// ErrWrongKey means that the database was set up with another server key. Nothing
	// may be written with this one.
	ErrWrongKey = errors.New("the server key is not the one that this database was set up with")
	// ErrNotSetUp means that no server has been started on the database yet.
	ErrNotSetUp = errors.New("the database was never set up")
)

// FirstRun describes the first administrator of a new database.
type FirstRun struct {
	AdminEmail string
	// AdminPassword is the administrator's password. When it is empty, SetUp generates
	// one, which must be changed at the first sign-in.
	AdminPassword secret.Text
	// SavePassword is called with a generated password before the commit, perhaps more
	// than once. SetUp fails as it does.
	SavePassword func(secret.Text) error
}

// SetUp checks the server key against the database. It sets up a new database with the
// built-in roles and the first administrator, in one transaction and exactly once also
// when several servers start together. It reports whether the database was new.
//
// It fails with [ErrWrongKey], and with CodeInvalid for an invalid administrator.
func (s *Service) SetUp(ctx context.Context, first FirstRun) (created bool, err error) {
	checks, err := s.store.KeyChecks(ctx)
	if err != nil {
		return false, err
	}
	if len(checks) > 0 {
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
	key := c.NewUser("/admin", admin)
	if err := c.Err(); err != nil {
		return false, err
	}
	hash, err := s.Auth.HashNew(ctx, password)
	if err != nil {
		return false, err
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		// The lock serialises servers that start at the same time.
		if _, err := tx.LockChain(ctx); err != nil {
			return err
		}
		checks, err := tx.KeyChecks(ctx)
		created = err == nil && len(checks) == 0
		if !created { // another server has set the database up
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
		user, err := s.Users.InsertUser(ctx, tx, admin, key, hash, []int64{access.AdministratorRole})
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
		if err := tx.InsertKeyCheck(ctx, s.keys.Checks()[0], s.now()); err != nil {
			return err
		}
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{
			Action: account.ActionUserCreate, Target: user.Target(), Changes: user.LogFields(),
		})
	})
	if err != nil {
		return false, err
	}
	if !created {
		return false, s.CheckKey(ctx)
	}
	return true, nil
}

// CheckKey checks that the key ring has every key that the database was written with, and
// stores the check value of a new first key. It initialises the chain of the activity log
// in a database from before the chain existed.
//
// It fails with [ErrNotSetUp] and [ErrWrongKey].
func (s *Service) CheckKey(ctx context.Context) error {
	checks, err := s.store.KeyChecks(ctx)
	if err != nil {
		return err
	}
	if len(checks) == 0 {
		return ErrNotSetUp
	}
	for _, c := range checks {
		if !s.keys.Matches(c) {
			return ErrWrongKey
		}
	}
	sealing := s.keys.Checks()[0]
	isSealing := func(c keyring.Check) bool { return c.ID == sealing.ID }
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if account.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil && head.Unsigned() {
		if err := s.store.Write(ctx, s.Log.InitChain); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(checks, isSealing) {
		return nil
	}
	return s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		checks, err := tx.KeyChecks(ctx)
		if err != nil || slices.ContainsFunc(checks, isSealing) { // another server has stored it
			return err
		}
		return tx.InsertKeyCheck(ctx, sealing, s.now())
	})
}

// generatePassword returns a random password of about 116 bits that the policy accepts.
// It has no letters or digits that are easily confused when read aloud or typed.
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
			if int(b[0]) < 256/len(letters)*len(letters) { // a uniform choice: larger bytes are discarded
				text = append(text, letters[int(b[0])%len(letters)])
			}
		}
		if password := secret.New(string(text)); account.CheckNewPassword(password) == "" {
			return password, nil
		}
	}
}
