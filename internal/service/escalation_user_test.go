package service_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// importUser imports a user, and sometimes assigns a role to this user before it finishes
// the import.
func (c *escalation) importUser(t *rapid.T, p *account.Principal) error {
	i, err := c.BeginImport(c.T.Context(), p, false)
	if err != nil {
		return err
	}
	address := c.address()
	users := []account.ImportUser{{
		Profile: account.Profile{Name: "n"}, Email: address, Active: true, Password: new(secret.New(servicetest.Password)),
	}}
	if _, faults, err := c.AddImportRows(c.T.Context(), p, i.ID, 1, users); err != nil || len(faults) > 0 {
		t.Fatalf("add rows: faults %v, error %v", faults, err)
	}
	key, _ := account.ParseEmail(address)
	id := servicetest.Must(c.Store.CredentialByEmail(c.T.Context(), key)).UserID
	c.users = append(c.users, id)
	if rapid.Bool().Draw(t, "assign a role before the import ends") {
		_, _ = c.SetUserRoles(c.T.Context(), p, id, []int64{c.anyRole(t)})
	}
	if _, err := c.FinishImport(c.T.Context(), p, i.ID); err != nil {
		return err
	}
	if c.StoredUser(id).Active {
		c.passwords[id] = secret.New(servicetest.Password)
	}
	return nil
}

// invite changes a user's address to one that the attacker can read, invites the user, and
// sets a password with the token from the message.
func (c *escalation) invite(t *rapid.T, p *account.Principal) error {
	id, address := c.anyUser(t), c.address()
	if _, err := c.UpdateUser(c.T.Context(), p, id, account.UserUpdate{Email: &address, Active: new(true)}); err != nil {
		return err
	}
	c.Clock.Advance(time.Hour) // the messages to a user are limited for each hour
	if err := c.InviteUser(c.T.Context(), p, id); err != nil {
		return err
	}
	if err := c.RecoverWith(c.NextToken(address), servicetest.NextPassword); err != nil {
		return err
	}
	c.passwords[id] = secret.New(servicetest.NextPassword)
	return nil
}

// viaKey returns the principal p, or sometimes the principal of a new API key of the same
// user.
func (c *escalation) viaKey(t *rapid.T, p *account.Principal) *account.Principal {
	if rapid.IntRange(0, 3).Draw(t, "by a key") > 0 {
		return p
	}
	key := apikey.NewAPIKey{Name: "k"}
	if rapid.Bool().Draw(t, "narrowed") {
		key.Permissions = []access.PermissionRequest{
			{Entity: "user", Action: "read"}, {Entity: "user", Action: "edit-access"}, {Entity: "user", Action: "create"},
		}
	}
	text, _, err := c.CreateKey(c.T.Context(), p, key)
	if err != nil {
		return p
	}
	byKey, err := c.Authenticate(c.T.Context(), text, account.Origin{ClientNetwork: servicetest.Home})
	if err != nil {
		t.Fatal(err)
	}
	return byKey
}
