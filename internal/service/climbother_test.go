package service_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// What a climber tries with imports and invitations, and by keys of his own.

func (c *climber) importUser(t *rapid.T, p *account.Principal) error {
	i, err := c.BeginImport(c.t.Context(), p, false)
	if err != nil {
		return err
	}
	address := c.address()
	users := []account.ImportUser{{Name: "n", Email: address, Active: true, Password: ptr(secret.New(password))}}
	if _, faults, err := c.AddImportRows(c.t.Context(), p, i.ID, 1, users); err != nil || len(faults) > 0 {
		t.Fatalf("%v %v", faults, err)
	}
	key, _ := account.ParseEmail(address)
	id := must(c.store.CredentialByEmail(c.t.Context(), key)).UserID
	c.people = append(c.people, id)
	if rapid.Bool().Draw(t, "raised before the import ends") {
		_, _ = c.SetUserRoles(c.t.Context(), p, id, []int64{c.anyRole(t)})
	}
	if _, err := c.FinishImport(c.t.Context(), p, i.ID); err != nil {
		return err
	}
	if c.find(id).Active {
		c.mine[id] = secret.New(password)
	}
	return nil
}

func (c *climber) invite(t *rapid.T, p *account.Principal) error {
	id, address := c.anyone(t), c.address()
	if _, err := c.UpdateUser(c.t.Context(), p, id, account.UserUpdate{Email: &address, Active: ptr(true)}); err != nil {
		return err
	}
	c.clock.advance(time.Hour) // he has time for more than three messages
	if err := c.InviteUser(c.t.Context(), p, id); err != nil {
		return err
	}
	d := c.claim()
	if err := c.MailDelivered(c.t.Context(), d); err != nil {
		return err
	}
	if err := c.retrieve(tokenIn(d), next); err != nil {
		return err
	}
	c.mine[id] = secret.New(next)
	return nil
}

// byKey returns the same caller by a key of his own, now and then.
func (c *climber) byKey(t *rapid.T, p *account.Principal) *account.Principal {
	if rapid.IntRange(0, 3).Draw(t, "by a key") > 0 {
		return p
	}
	asked := apikey.NewAPIKey{Name: "k"}
	if rapid.Bool().Draw(t, "narrowed") {
		asked.Permissions = []access.PermissionRequest{{Entity: "user", Action: "read"}, {Entity: "user", Action: "edit-access"}, {Entity: "user", Action: "create"}}
	}
	text, _, err := c.CreateKey(c.t.Context(), p, asked)
	if err != nil {
		return p
	}
	if d := c.claim(); d != nil { // that there is a new key
		if err := c.MailDelivered(c.t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	byKey, err := c.Authenticate(c.t.Context(), text, account.Origin{ClientNetwork: home})
	if err != nil {
		t.Fatal(err)
	}
	return byKey
}
