package apikey

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Limits of named keys.
const (
	DefaultKeyLife = 90 * 24 * time.Hour
	MaxKeyLife     = 3650 * 24 * time.Hour
	MaxNamedKeys   = 50 // that have not expired, a user
)

// NewAPIKey is what a named key is made from.
type NewAPIKey struct {
	Name        string
	Life        time.Duration              // 0: DefaultKeyLife
	ReadOnly    bool                       // it may only read what its owner may read
	Permissions []access.PermissionRequest // what it may do of what its owner may; nil: all
}

// CreateKey makes a named key for the caller and returns its text, which is not
// shown again. It fails as [Allow] says, and with CodeInvalid,
// CodePermissionNeedsRead and CodeTooManyKeys.
func (s *Keys) CreateKey(ctx context.Context, caller *account.Principal, n NewAPIKey) (secret.Text, account.APIKey, error) {
	self := caller.User.ID
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.AllowOwn(caller, access.ActionCreate, access.EntityAPIKey)
	})
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	permissions, err := n.check()
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	var text secret.Text
	var key account.APIKey
	err = s.auth.UpdateUserAs(ctx, permit, self, func(ctx context.Context, tx account.Tx, caller *account.Principal) (err error) {
		there, err := tx.CountNamedKeys(ctx, self, s.now())
		if err != nil {
			return err
		}
		if there >= MaxNamedKeys {
			return &account.Error{Code: account.CodeTooManyKeys, Message: fmt.Sprintf("You have %d named keys already. End one first.", MaxNamedKeys)}
		}
		if text, key, err = s.newAPIKey(account.APIKeyNamed, self); err != nil {
			return err
		}
		key.Name, key.Permissions, key.Expires = n.Name, permissions, key.Created.Add(n.life())
		if key.ID, err = tx.InsertAPIKey(ctx, key); err != nil {
			return err
		}
		return s.announceKey(ctx, tx, caller, key)
	})
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	s.outbox.Wake()
	return text, key, nil
}

// check returns what narrows the key, nil for nothing, or what is wrong with n.
func (n NewAPIKey) check() ([]access.Permission, error) {
	var c account.Checker
	c.Name("/name", n.Name)
	if n.Life < 0 || n.Life > MaxKeyLife {
		c.Fail("/expiresInDays", "must be 1 to 3650")
	}
	if n.ReadOnly && n.Permissions != nil {
		c.Fail("/permissions", "must be absent where readOnly is true")
	}
	if n.Permissions != nil && len(n.Permissions) == 0 { // no list means all, so an empty one must not be stored
		c.Fail("/permissions", "must list at least one permission")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	switch {
	case n.ReadOnly:
		return everyRead(), nil
	case n.Permissions == nil:
		return nil, nil
	}
	permissions, err := account.ParsePermissions("/permissions", n.Permissions)
	if err != nil {
		return nil, err
	}
	for i, d := range n.Permissions {
		if known := (access.Permission{Entity: d.Entity, Action: d.Action}).Known(); !known {
			c.Fail(fmt.Sprintf("/permissions/%d", i), "is for an action that there is not")
		}
	}
	return permissions, c.Err()
}

func (n NewAPIKey) life() time.Duration {
	if n.Life == 0 {
		return DefaultKeyLife
	}
	return n.Life
}

// everyRead is what narrows a key that only reads. How far it reads is for its
// owner's permissions to say.
func everyRead() []access.Permission {
	var reads []access.Permission
	for _, p := range (access.Role{ID: access.AdministratorRole}).Expand() {
		if p.Action == access.ActionRead {
			reads = append(reads, p)
		}
	}
	return reads
}

// Keys returns the keys of a user, by id: those that live, and those that
// expired in the last 30 days. It fails as [Allow] says.
func (s *Keys) ListKeys(ctx context.Context, caller *account.Principal, userID int64) ([]account.APIKey, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityAPIKey, userID); err != nil {
		return nil, err
	}
	if _, err := account.FindUser(ctx, s.store, userID, s.now()); err != nil {
		return nil, err
	}
	return s.store.APIKeysOf(ctx, userID)
}

// EndKey ends a key, named or the contract's, at once. It fails as [auth.EndCredential]
// does.
func (s *Keys) EndKey(ctx context.Context, caller *account.Principal, id int64) error {
	return auth.EndCredential(ctx, s.auth, caller, auth.Ending[account.APIKey]{
		Entity: access.EntityAPIKey,
		Find: func(ctx context.Context, r account.Reader) (account.APIKey, error) {
			return r.APIKey(ctx, id)
		},
		Owner:  func(key account.APIKey) int64 { return key.UserID },
		Delete: func(ctx context.Context, tx account.Tx) error { return tx.DeleteAPIKey(ctx, id) },
		Event: func(key account.APIKey, owner account.User) account.Event {
			return account.Event{Action: account.ActionKeyEnd, Target: key.Target(owner), Changes: key.LogFields()}
		},
	})
}
