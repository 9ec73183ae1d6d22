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
	DefaultKeyLifetime = 90 * 24 * time.Hour
	MaxKeyLifetime     = 3650 * 24 * time.Hour
	MaxNamedKeys       = 50 // keys of one user that have not expired
)

// NewAPIKey is the input for a new named key.
type NewAPIKey struct {
	Name     string
	Lifetime time.Duration // 0: DefaultKeyLifetime
	ReadOnly bool          // whether to limit the key to its owner's read permissions
	// Permissions limit the key: it has only those permissions of its owner that are in this list.
	// nil: no limit.
	Permissions []access.PermissionRequest
}

// CreateKey creates a named key for the caller and returns its text, which can't be read again
// later. It fails as [account.AllowOwn] does. It also fails with CodeInvalid or
// CodePermissionNeedsRead for an invalid input, and with CodeTooManyKeys when the caller already
// has MaxNamedKeys keys.
func (s *Keys) CreateKey(
	ctx context.Context, caller *account.Principal, n NewAPIKey,
) (secret.Text, account.APIKey, error) {
	self := caller.User.ID
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.AllowOwn(caller, access.ActionCreate, access.EntityAPIKey)
	})
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	permissions, err := n.validate()
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	var text secret.Text
	var key account.APIKey
	err = s.auth.UpdateUserAs(ctx, permit, self, func(
		ctx context.Context, tx *account.Tx, caller *account.Principal,
	) error {
		count, err := tx.CountNamedKeys(ctx, self, s.now())
		if err != nil {
			return err
		}
		if count >= MaxNamedKeys {
			return &account.Error{
				Code:    account.CodeTooManyKeys,
				Message: fmt.Sprintf("You have %d named keys already. End one first.", MaxNamedKeys),
			}
		}
		if text, key, err = s.newAPIKey(account.APIKeyNamed, self); err != nil {
			return err
		}
		key.Name, key.Permissions, key.Expires = n.Name, permissions, key.Created.Add(n.lifetime())
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

// validate returns the permissions that limit the key, or nil for no limit. For an invalid input
// it fails as [Keys.CreateKey] does.
func (n NewAPIKey) validate() ([]access.Permission, error) {
	var c account.Checker
	c.Name("/name", n.Name)
	if n.Lifetime < 0 || n.Lifetime > MaxKeyLifetime {
		c.Fail("/expiresInDays", "must be 1 to 3650")
	}
	if n.ReadOnly && n.Permissions != nil {
		c.Fail("/permissions", "must be absent where readOnly is true")
	}
	if n.Permissions != nil && len(n.Permissions) == 0 { // an empty list would be stored like no limit
		c.Fail("/permissions", "must list at least one permission")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	switch {
	case n.ReadOnly:
		return readPermissions(), nil
	case n.Permissions == nil:
		return nil, nil
	}
	permissions, err := account.ParsePermissions("/permissions", n.Permissions)
	if err != nil {
		return nil, err
	}
	for i, request := range n.Permissions {
		if known := (access.Permission{Entity: request.Entity, Action: request.Action}).Known(); !known {
			c.Fail(fmt.Sprintf("/permissions/%d", i), "is for an action that there is not")
		}
	}
	return permissions, c.Err()
}

func (n NewAPIKey) lifetime() time.Duration {
	if n.Lifetime == 0 {
		return DefaultKeyLifetime
	}
	return n.Lifetime
}

// readPermissions returns every permission to read, each for all objects. At each use, the key gets
// only those that its owner has.
func readPermissions() []access.Permission {
	var reads []access.Permission
	for _, p := range (access.Role{ID: access.AdministratorRole}).Expand() {
		if p.Action == access.ActionRead {
			reads = append(reads, p)
		}
	}
	return reads
}
