package account

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// What an operator may do with the data itself, when nobody can sign in any
// more. There is no caller: whoever can open the database may do it.

// CreateAdministrator makes an active user with role 1. It fails with
// CodeInvalid and CodeEmailTaken.
func (s *Service) CreateAdministrator(ctx context.Context, u NewUser) (User, error) {
	var c checker
	key := c.newUser("", u)
	if err := c.err(); err != nil {
		return User{}, err
	}
	hash, err := s.hashNew(ctx, u.Password)
	if err != nil {
		return User{}, err
	}
	u.Active = true
	var created User
	err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		created, err = s.insertUser(ctx, tx, u, key, hash, []int64{access.AdministratorRole})
		if errors.Is(err, ErrEmailTaken) {
			return emailTaken("/email")
		}
		if err != nil {
			return err
		}
		return s.recordAs(ctx, tx, operator, Event{ActionUserCreate, created.target(), created.described()})
	})
	return created, err
}

// EmergencyReset sets the password of a user, who must change it at the next
// sign-in, and ends a lock, all sessions, API keys and recovery tokens. It fails
// with CodeNotFound, CodeInvalid and CodeNotLocalUser.
func (s *Service) EmergencyReset(ctx context.Context, email string, password secret.Text) error {
	if err := checkNewPassword(password, "/password"); err != nil {
		return err
	}
	hash, err := s.hashNew(ctx, password)
	if err != nil {
		return err
	}
	var id int64
	err = s.byEmail(ctx, email, func(ctx context.Context, tx Tx, c Credential) error {
		if c.Provider != ProviderLocal {
			return notLocalUser()
		}
		id = c.UserID
		if err := s.resetPassword(ctx, tx, id, reset{hash: hash, needReset: true}); err != nil {
			return err
		}
		if err := tx.DeleteThrottlesOf(ctx, throttle.UserSubject(id)); err != nil {
			return err
		}
		return s.recordAs(ctx, tx, operator, Event{Action: ActionPasswordReset, Target: c.target()})
	})
	if err == nil {
		s.passwordChanged(id)
	}
	return err
}

// EmergencyUnlock ends every lock of a user. It fails with CodeNotFound.
func (s *Service) EmergencyUnlock(ctx context.Context, email string) error {
	return s.byEmail(ctx, email, func(ctx context.Context, tx Tx, c Credential) error {
		if err := tx.DeleteThrottlesOf(ctx, throttle.UserSubject(c.UserID)); err != nil {
			return err
		}
		return s.recordAs(ctx, tx, operator, Event{ActionUserUpdate, c.target(), []FieldChange{{Field: "lockedOut", To: false}}})
	})
}

// EmergencyEndSessions ends all sessions and recovery tokens of a user. It fails
// with CodeNotFound.
func (s *Service) EmergencyEndSessions(ctx context.Context, email string) error {
	return s.byEmail(ctx, email, func(ctx context.Context, tx Tx, c Credential) error {
		if err := endAccess(ctx, tx, c.UserID); err != nil {
			return err
		}
		return s.recordAs(ctx, tx, operator, Event{ActionSessionEnd, Target{access.EntitySession, 0, c.Email}, nil})
	})
}

// EmergencyEndKeys ends all API keys of a user. It fails with CodeNotFound.
func (s *Service) EmergencyEndKeys(ctx context.Context, email string) error {
	return s.byEmail(ctx, email, func(ctx context.Context, tx Tx, c Credential) error {
		if err := tx.DeleteAPIKeysOf(ctx, c.UserID); err != nil {
			return err
		}
		return s.recordAs(ctx, tx, operator, Event{ActionKeyEnd, Target{access.EntityAPIKey, 0, c.Email}, nil})
	})
}

func (s *Service) byEmail(ctx context.Context, email string, f func(context.Context, Tx, Credential) error) error {
	key, _ := ParseEmail(email)
	return s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		c, err := lockByEmail(ctx, tx, key)
		if errors.Is(err, ErrNotFound) {
			return NotFound()
		}
		if err != nil {
			return err
		}
		return f(ctx, tx, c)
	})
}
