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

// What a start finds out about its database.
var (
	// ErrWrongKey means that the server key is not the one that the database was
	// made with. Nothing may be written with another.
	ErrWrongKey = errors.New("the server key is not the one that this database was set up with")
	// ErrNotSetUp means that no server has been started on the database yet.
	ErrNotSetUp = errors.New("the database was never set up")
)

// FirstRun says what a new database begins with.
type FirstRun struct {
	AdminEmail string
	// AdminPassword is the first administrator's. When it is empty one is made
	// up, SavePassword is called with it before anything is committed, more than
	// once perhaps, and it must be changed at the first sign-in.
	AdminPassword secret.Text
	SavePassword  func(secret.Text) error
}

// SetUp checks the server key against the database, or sets up a database that
// is new: the built-in roles and the first administrator, exactly once and all
// in one transaction. It reports whether the database was new. It fails with
// [ErrWrongKey], and with CodeInvalid for settings that it cannot use.
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
	admin := account.NewUser{Email: first.AdminEmail, Name: "Admin", Password: password, Active: true}
	var c account.Checker
	key := c.NewUser("/admin", admin)
	if err := c.Err(); err != nil {
		return false, err
	}
	hash, err := s.Auth.HashNew(ctx, password)
	if err != nil {
		return false, err
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		if _, err := tx.LockChain(ctx); err != nil { // of several servers that start, one goes first
			return err
		}
		checks, err := tx.KeyChecks(ctx)
		created = err == nil && len(checks) == 0
		if !created { // another process was faster
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
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{Action: account.ActionUserCreate, Target: user.Target(), Changes: user.LogFields()})
	})
	if err != nil {
		return false, err
	}
	if !created {
		return false, s.CheckKey(ctx)
	}
	return true, nil
}

// CheckKey fails with [ErrNotSetUp], or with [ErrWrongKey] unless the ring holds
// every key that the database was written with, and notes a new first key. It
// signs where the activity log begins, in a database from before there was one.
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
	noted := func(c keyring.Check) bool { return c.ID == sealing.ID }
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if account.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil && head.Unsigned() {
		if err := s.store.Write(ctx, s.Log.InitChain); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(checks, noted) {
		return nil
	}
	return s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		checks, err := tx.KeyChecks(ctx)
		if err != nil || slices.ContainsFunc(checks, noted) { // another process was faster
			return err
		}
		return tx.InsertKeyCheck(ctx, sealing, s.now())
	})
}

// inventPassword makes a password of about 119 random bits that can be read out
// and that the policy accepts.
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
				return secret.Text{}, fmt.Errorf("read random: %w", err)
			}
			if int(b[0]) < 256/len(letters)*len(letters) { // no letter is likelier
				text = append(text, letters[int(b[0])%len(letters)])
			}
		}
		if password := secret.New(string(text)); account.CheckNewPassword(password) == "" {
			return password, nil
		}
	}
}
