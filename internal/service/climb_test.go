package service_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// climber is somebody without role 1 who tries whatever he can to get more
// rights, with every account whose password he knows.
type climber struct {
	*fixture
	start    access.Set                  // what he may do at first, and what policy gives to new users
	mine     map[int64]secret.Text       // passwords of the accounts that he can sign in to
	sessions map[int64]auth.SignInResult // his sessions, by account
	people   []int64                     // all accounts of this run
	roles    []int64                     // all roles of this run
	address  func() string               // makes a new address of his own
}

// anyRole draws the permissions of a role. Some are for the users and the roles
// listed.
func anyRole(users, roles []int64) *rapid.Generator[[]access.Permission] {
	one := rapid.Custom(func(t *rapid.T) access.Permission {
		p := rapid.SampledFrom([]access.Permission{
			may(user, read), may(user, create), may(user, edit), may(user, editAccess), may(user, remove),
			may(role, read), may(role, create), may(role, edit), may(role, remove), may(role, assign), may(access.EntityMail, read),
			may(access.EntityApplicationSettings, edit),
		}).Draw(t, "permission")
		ids := users
		if p.Entity == role {
			ids = roles
		}
		switch rapid.IntRange(0, 4).Draw(t, "scope") {
		case 0:
			if p.Action == create || p.Entity == access.EntityMail || p.Entity == access.EntityApplicationSettings {
				break
			}
			p.Scope, p.IDs = access.ScopeIDs, rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, 2, rapid.ID).Draw(t, "ids")
		case 1:
			if p.Entity == user && (p.Action == read || p.Action == edit) {
				p.Scope = access.ScopeSelf
			}
		}
		return p
	})
	return rapid.SliceOfNDistinct(one, 0, 3, func(p access.Permission) string { return fmt.Sprint(p.Entity, p.Action, p.Scope) })
}

// newClimber makes roles and users at random; the first of them is his own. Runs
// share a database, and each has users and roles of its own.
func newClimber(t *rapid.T, f *fixture, run int) *climber {
	made := 0
	c := &climber{
		fixture: f, mine: map[int64]secret.Text{}, sessions: map[int64]auth.SignInResult{},
		people: []int64{1}, roles: slices.Clone([]int64{access.AdministratorRole, access.UserRole}),
		address: func() string {
			made++
			return fmt.Sprintf("climber%d.%d@example.org", run, made)
		},
	}
	const people, roles = 4, 4
	firstUser, firstRole := f.user(c.address())+1, f.role()+1
	var permissions [roles][]access.Permission
	var users, held []int64
	for i := range int64(people) {
		users = append(users, firstUser+i)
	}
	for i := range int64(roles) {
		held = append(held, firstRole+i)
	}
	c.people, c.roles = append(c.people, users...), append(c.roles, held...)
	for i := range permissions {
		permissions[i] = anyRole(users, c.roles).Draw(t, "role")
	}
	if rapid.IntRange(0, 3).Draw(t, "weak") > 0 { // chance alone seldom lets him do anything
		permissions[0] = []access.Permission{
			may(user, read), may(user, create), may(user, editAccess), may(user, remove), self(user, edit),
			may(role, read), may(role, create), may(role, edit), may(role, remove), may(role, assign),
			may(access.EntityApplicationSettings, edit), self(access.EntityAPIKey, create),
		}
	}
	var holds [people][]int64
	for i := range holds {
		holds[i] = rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles[1:]), 1, 3, rapid.ID).Draw(t, "roles of a user")
	}
	if !slices.Contains(holds[0], firstRole) {
		holds[0] = append(holds[0], firstRole)
	}
	f.write(func(ctx context.Context, tx account.Tx) error {
		for _, ps := range permissions {
			if _, err := tx.InsertRole(ctx, access.Role{Name: rand.Text(), Permissions: ps}); err != nil {
				return err
			}
		}
		for _, ids := range holds {
			if _, err := f.insertIn(ctx, tx, account.User{Email: c.address(), Active: true, RoleIDs: ids}); err != nil {
				return err
			}
		}
		return nil
	})
	c.mine[users[0]] = secret.New(password)
	defaults := rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles[1:]), 1, 2, rapid.ID).Draw(t, "default roles")
	f.defaultRoles(defaults...)
	policy := must(f.store.Roles(f.t.Context(), defaults))
	c.start = access.Union(append(policy, must(f.store.RolesOf(f.t.Context(), users[0]))...))
	return c
}

// enter returns the principal of one of his accounts, or nil if that is out of use.
func (c *climber) enter(t *rapid.T) *account.Principal {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(c.mine))).Draw(t, "as")
	if p, err := c.Authenticate(c.t.Context(), c.sessions[id].Token, account.Origin{}); err == nil {
		return p
	}
	from := account.Origin{ClientNetwork: home}
	in, err := c.SignIn(c.t.Context(), c.find(id).Email, c.mine[id], from)
	if err != nil {
		t.Fatalf("user %d does not sign in: %v", id, err)
	}
	if in.NeedPasswordReset {
		chosen := secret.New(c.mine[id].Reveal() + "1")
		if err := c.ChangePassword(c.t.Context(), c.principal(in), c.mine[id], chosen, from); err != nil {
			t.Fatal(err)
		}
		c.mine[id] = chosen
	}
	c.sessions[id] = in
	return c.principal(in)
}

// attempts are what he can try, each as one of his accounts. Whatever changes the
// access of anybody belongs here: one entry, which keeps mine, people and roles.
var attempts = map[string]func(*climber, *rapid.T, *account.Principal) error{
	"create a role": (*climber).createRole, "copy a role": (*climber).copyRole, "rename a role": (*climber).renameRole,
	"set permissions": (*climber).setPermissions, "delete a role": (*climber).deleteRole,
	"import a user": (*climber).importUser, "set an address and be invited": (*climber).invite,
	"set default roles": func(c *climber, t *rapid.T, p *account.Principal) error {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles), 1, 2, rapid.ID).Draw(t, "roles")
		_, err := c.UpdateApplicationSettings(c.t.Context(), p, settings.ApplicationUpdate{DefaultRoleIDs: &ids})
		return err
	},
	"set a password": func(c *climber, t *rapid.T, p *account.Principal) error {
		id := c.anyone(t)
		_, err := c.UpdateUser(c.t.Context(), p, id, account.UserUpdate{Password: ptr(secret.New(next)), Active: ptr(true)})
		if err == nil {
			c.mine[id] = secret.New(next)
		}
		return err
	},
	"set an address and recover": func(c *climber, t *rapid.T, p *account.Principal) error {
		id, address := c.anyone(t), c.address()
		_, err := c.UpdateUser(c.t.Context(), p, id, account.UserUpdate{Email: &address, Active: ptr(true)})
		if err != nil {
			return err
		}
		c.mine[id] = secret.New(next)
		c.clock.advance(time.Hour) // he has time for more than three messages
		return c.retrieve(c.recoveryToken(address), next)
	},
	"set roles": func(c *climber, t *rapid.T, p *account.Principal) error {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles), 1, 3, rapid.ID).Draw(t, "roles")
		_, err := c.SetUserRoles(c.t.Context(), p, c.anyone(t), ids)
		return err
	},
	"create a user": func(c *climber, _ *rapid.T, p *account.Principal) error {
		users, err := c.CreateUsers(c.t.Context(), p, []account.NewUser{newUser(c.address())})
		if err == nil {
			c.people = append(c.people, users[0].ID)
			c.mine[users[0].ID] = secret.New(password)
		}
		return err
	},
	"delete a user": func(c *climber, t *rapid.T, p *account.Principal) error {
		id := c.anyone(t)
		if _, own := c.mine[id]; own && len(c.mine) == 1 {
			return nil
		}
		err := c.DeleteUser(c.t.Context(), p, id)
		if err == nil {
			delete(c.mine, id)
		}
		return err
	},
}

func (c *climber) anyone(t *rapid.T) int64 { return rapid.SampledFrom(c.people).Draw(t, "user") }

// check fails when an account of his may do what he did not cover at the start.
func (c *climber) check(t *rapid.T) {
	for id := range c.mine {
		has := access.Union(must(c.store.RolesOf(c.t.Context(), id)))
		if !access.Covers(c.start, has) {
			t.Fatalf("user %d lets him do %+v; at the start he covered %+v", id, has, c.start)
		}
	}
}

// No sequence of calls gives anybody a permission, in any account that he can
// sign in to, which he did not have at the start.
func TestNoWayUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	names := slices.Sorted(maps.Keys(attempts))
	run, succeeded := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		run++
		c := newClimber(t, f, run)
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 8, 24).Draw(t, "attempts") {
			err := attempts[name](c, t, c.byKey(t, c.enter(t)))
			if account.ErrorCode(err) == account.CodeInternal {
				t.Fatal(err)
			}
			if err == nil {
				succeeded[name]++
			}
			c.check(t)
		}
	})
	for _, name := range names {
		if succeeded[name] == 0 {
			t.Errorf("no attempt to %s succeeds, so nothing is tested", name)
		}
	}
	t.Logf("attempts that succeeded: %v", succeeded)
}
