package service

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// The operations in this file are for an operator with access to the database, when no
// administrator can sign in. They have no caller and check no permission. The activity log
// records the operator as the actor.

// CreateAdministrator creates an active user with role 1. It fails with CodeInvalid or CodeEmailTaken.
func (s *Service) CreateAdministrator(ctx context.Context, u account.NewUser) (account.User, error) {
	var c account.Checker
	key := c.NewUser("", u)
	if err := c.Err(); err != nil {
		return account.User{}, err
	}
	hash, err := s.Auth.HashNew(ctx, u.Password)
	if err != nil {
		return account.User{}, err
	}
	u.Active = true
	var created account.User
	err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
		created, err = s.Users.InsertUser(ctx, tx, u, key, hash, []int64{access.AdministratorRole})
		if errors.Is(err, account.ErrEmailTaken) {
			return account.EmailTaken("/email")
		}
		if err != nil {
			return err
		}
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{
			Action: account.ActionUserCreate, Target: created.Target(), Changes: created.LogFields(),
		})
	})
	return created, err
}

// EmergencyReset sets a new password for a user, who must change it at the next sign-in. It unlocks the user and
// revokes all of their sessions, API keys and recovery tokens. It fails with CodeNotFound, CodeInvalid or
// CodeNotLocalUser.
func (s *Service) EmergencyReset(ctx context.Context, email string, password secret.Text) error {
	if err := account.ValidateNewPassword(password, "/password"); err != nil {
		return err
	}
	hash, err := s.Auth.HashNew(ctx, password)
	if err != nil {
		return err
	}
	var id int64
	err = s.updateByEmail(ctx, email, func(ctx context.Context, tx *account.Tx, c account.Credential) error {
		if c.Provider != account.ProviderLocal {
			return account.NotLocalUser()
		}
		id = c.UserID
		user, err := tx.User(ctx, id, s.now())
		if err != nil {
			return err
		}
		if err := s.Auth.ResetPassword(ctx, tx, user, auth.PasswordReset{Hash: hash, NeedReset: true}); err != nil {
			return err
		}
		if err := tx.DeleteThrottlesOf(ctx, lockout.UserSubject(id)); err != nil {
			return err
		}
		event := account.Event{Action: account.ActionPasswordReset, Target: c.Target()}
		return s.Log.RecordAs(ctx, tx, account.Operator, event)
	})
	if err == nil {
		s.passwordChanged(id)
	}
	return err
}

// EmergencyUnlock removes all locks of a user. If no user has this address, it fails with CodeNotFound.
func (s *Service) EmergencyUnlock(ctx context.Context, email string) error {
	return s.updateByEmail(ctx, email, func(ctx context.Context, tx *account.Tx, c account.Credential) error {
		if err := tx.DeleteThrottlesOf(ctx, lockout.UserSubject(c.UserID)); err != nil {
			return err
		}
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{
			Action: account.ActionUserUpdate, Target: c.Target(),
			Changes: []account.FieldChange{{Field: "lockedOut", To: false}},
		})
	})
}

// EmergencyEndSessions revokes all sessions and recovery tokens of a user. If no user has this address, it fails with
// CodeNotFound.
func (s *Service) EmergencyEndSessions(ctx context.Context, email string) error {
	return s.updateByEmail(ctx, email, func(ctx context.Context, tx *account.Tx, c account.Credential) error {
		if err := auth.EndAccess(ctx, tx, c.UserID); err != nil {
			return err
		}
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{
			Action: account.ActionSessionEnd, Target: account.Target{Kind: access.EntitySession, Name: c.Email},
		})
	})
}

// EmergencyEndKeys revokes all API keys of a user. If no user has this address, it fails with CodeNotFound.
func (s *Service) EmergencyEndKeys(ctx context.Context, email string) error {
	return s.updateByEmail(ctx, email, func(ctx context.Context, tx *account.Tx, c account.Credential) error {
		if err := tx.DeleteAPIKeysOf(ctx, c.UserID); err != nil {
			return err
		}
		return s.Log.RecordAs(ctx, tx, account.Operator, account.Event{
			Action: account.ActionKeyEnd, Target: account.Target{Kind: access.EntityAPIKey, Name: c.Email},
		})
	})
}

// updateByEmail locks the user with the address email and runs f in the same transaction. It fails with CodeNotFound,
// or with the error of f.
func (s *Service) updateByEmail(
	ctx context.Context, email string, f func(context.Context, *account.Tx, account.Credential) error,
) error {
	key, _ := account.ParseEmail(email)
	return s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		c, err := auth.LockByEmail(ctx, tx, key)
		if errors.Is(err, account.ErrNotFound) {
			return account.NotFound()
		}
		if err != nil {
			return err
		}
		return f(ctx, tx, c)
	})
}
