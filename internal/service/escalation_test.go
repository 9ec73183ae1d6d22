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
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// climber is somebody without role 1 who tries whatever he can to get more
// rights, with every account whose password he knows.
type escalation struct {
	*servicetest.Fixture
	start    access.Set                  // what he may do at first, and what policy gives to new users
	mine     map[int64]secret.Text       // passwords of the accounts that he can sign in to
	sessions map[int64]auth.SignInResult // his sessions, by account
	people   []int64                     // all accounts of this run
	roles    []int64                     // all roles of this run
	address  func() string               // makes a new address of his own
}

// anyRole draws the permissions of a role. Some are for the users and the roles
// listed.
func anyPermissions(users, roles []int64) *rapid.Generator[[]access.Permission] {
	one := rapid.Custom(func(t *rapid.T) access.Permission {
		p := rapid.SampledFrom([]access.Permission{
			servicetest.Permit("user:read"), servicetest.Permit("user:create"), servicetest.Permit("user:edit"),
			servicetest.Permit("user:edit-access"), servicetest.Permit("user:delete"),
			servicetest.Permit("role:read"), servicetest.Permit("role:create"), servicetest.Permit("role:edit"),
			servicetest.Permit("role:delete"), servicetest.Permit("role:assign"), servicetest.Permit("mail:read"),
			servicetest.Permit("application-settings:edit"),
		}).Draw(t, "permission")
		ids := users
		if p.Entity == access.EntityRole {
			ids = roles
		}
		switch rapid.IntRange(0, 4).Draw(t, "scope") {
		case 0:
			if p.Action == access.ActionCreate || p.Entity == access.EntityMail || p.Entity == access.EntityApplicationSettings {
				break
			}
			p.Scope, p.IDs = access.ScopeIDs, rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, 2, rapid.ID).Draw(t, "ids")
		case 1:
			if p.Entity == access.EntityUser && (p.Action == access.ActionRead || p.Action == access.ActionEdit) {
				p.Scope = access.ScopeSelf
			}
		}
		return p
	})
	return rapid.SliceOfNDistinct(one, 0, 3,
		func(p access.Permission) string { return fmt.Sprint(p.Entity, p.Action, p.Scope) })
}

// newClimber makes roles and users at random; the first of them is his own. Runs
// share a database, and each has users and roles of its own.
func newEscalation(t *rapid.T, f *servicetest.Fixture, run int) *escalation {
	made := 0
	c := &escalation{
		Fixture: f, mine: map[int64]secret.Text{}, sessions: map[int64]auth.SignInResult{},
		people: []int64{1}, roles: slices.Clone([]int64{access.AdministratorRole, access.UserRole}),
		address: func() string {
			made++
			return fmt.Sprintf("climber%d.%d@example.org", run, made)
		},
	}
	const people, roles = 4, 4
	firstUser, firstRole := f.AddUser(c.address())+1, f.AddRole()+1
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
		permissions[i] = anyPermissions(users, c.roles).Draw(t, "role")
	}
	if rapid.IntRange(0, 3).Draw(t, "weak") > 0 { // chance alone seldom lets him do anything
		permissions[0] = []access.Permission{
			servicetest.Permit("user:read"), servicetest.Permit("user:create"), servicetest.Permit("user:edit-access"),
			servicetest.Permit("user:delete"), servicetest.PermitSelf("user:edit"),
			servicetest.Permit("role:read"), servicetest.Permit("role:create"), servicetest.Permit("role:edit"),
			servicetest.Permit("role:delete"), servicetest.Permit("role:assign"),
			servicetest.Permit("application-settings:edit"), servicetest.PermitSelf("api-key:create"),
		}
	}
	var holds [people][]int64
	for i := range holds {
		holds[i] = rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles[1:]), 1, 3, rapid.ID).Draw(t, "roles of a user")
	}
	if !slices.Contains(holds[0], firstRole) {
		holds[0] = append(holds[0], firstRole)
	}
	f.WriteStore(func(ctx context.Context, tx account.Tx) error {
		for _, ps := range permissions {
			if _, err := tx.InsertRole(ctx, access.Role{Name: rand.Text(), Permissions: ps}); err != nil {
				return err
			}
		}
		for _, ids := range holds {
			if _, err := f.StoreUserIn(ctx, tx, account.User{Email: c.address(), Active: true, RoleIDs: ids}); err != nil {
				return err
			}
		}
		return nil
	})
	c.mine[users[0]] = secret.New(servicetest.Password)
	defaults := rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles[1:]), 1, 2, rapid.ID).Draw(t, "default roles")
	f.StoreDefaultRoles(defaults...)
	policy := servicetest.Must(f.Store.Roles(f.T.Context(), defaults))
	c.start = access.Union(append(policy, servicetest.Must(f.Store.RolesOf(f.T.Context(), users[0]))...))
	return c
}

// enter returns the principal of one of his accounts, or nil if that is out of use.
func (c *escalation) signIn(t *rapid.T) *account.Principal {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(c.mine))).Draw(t, "as")
	if p, err := c.Authenticate(c.T.Context(), c.sessions[id].Token, account.Origin{}); err == nil {
		return p
	}
	from := account.Origin{ClientNetwork: servicetest.Home}
	in, err := c.SignIn(c.T.Context(), c.StoredUser(id).Email, c.mine[id], from)
	if err != nil {
		t.Fatalf("user %d does not sign in: %v", id, err)
	}
	if in.NeedPasswordReset {
		chosen := secret.New(c.mine[id].Reveal() + "1")
		if err := c.ChangePassword(c.T.Context(), c.PrincipalOf(in), c.mine[id], chosen, from); err != nil {
			t.Fatal(err)
		}
		c.mine[id] = chosen
	}
	c.sessions[id] = in
	return c.PrincipalOf(in)
}

// attempts are what he can try, each as one of his accounts. Whatever changes the
// access of anybody belongs here: one entry, which keeps mine, people and roles.
var escalationSteps = map[string]func(*escalation, *rapid.T, *account.Principal) error{
	"create a role": (*escalation).createRole, "copy a role": (*escalation).copyRole,
	"rename a role":   (*escalation).renameRole,
	"set permissions": (*escalation).setPermissions, "delete a role": (*escalation).deleteRole,
	"import a user": (*escalation).importUser, "set an address and be invited": (*escalation).invite,
	"set default roles": func(c *escalation, t *rapid.T, p *account.Principal) error {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles), 1, 2, rapid.ID).Draw(t, "roles")
		_, err := c.UpdateApplicationSettings(c.T.Context(), p, settings.ApplicationUpdate{DefaultRoleIDs: &ids})
		return err
	},
	"set a password": func(c *escalation, t *rapid.T, p *account.Principal) error {
		id := c.anyUser(t)
		_, err := c.UpdateUser(c.T.Context(), p, id,
			account.UserUpdate{Password: new(secret.New(servicetest.NextPassword)), Active: new(true)})
		if err == nil {
			c.mine[id] = secret.New(servicetest.NextPassword)
		}
		return err
	},
	"set an address and recover": func(c *escalation, t *rapid.T, p *account.Principal) error {
		id, address := c.anyUser(t), c.address()
		_, err := c.UpdateUser(c.T.Context(), p, id, account.UserUpdate{Email: &address, Active: new(true)})
		if err != nil {
			return err
		}
		c.mine[id] = secret.New(servicetest.NextPassword)
		c.Clock.Advance(time.Hour) // he has time for more than three messages
		return c.RecoverWith(c.RecoveryToken(address), servicetest.NextPassword)
	},
	"set roles": func(c *escalation, t *rapid.T, p *account.Principal) error {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles), 1, 3, rapid.ID).Draw(t, "roles")
		_, err := c.SetUserRoles(c.T.Context(), p, c.anyUser(t), ids)
		return err
	},
	"create a user": func(c *escalation, _ *rapid.T, p *account.Principal) error {
		users, err := c.CreateUsers(c.T.Context(), p, []account.NewUser{servicetest.NewUser(c.address())})
		if err == nil {
			c.people = append(c.people, users[0].ID)
			c.mine[users[0].ID] = secret.New(servicetest.Password)
		}
		return err
	},
	"delete a user": func(c *escalation, t *rapid.T, p *account.Principal) error {
		id := c.anyUser(t)
		if _, own := c.mine[id]; own && len(c.mine) == 1 {
			return nil
		}
		err := c.DeleteUser(c.T.Context(), p, id)
		if err == nil {
			delete(c.mine, id)
		}
		return err
	},
}

func (c *escalation) anyUser(t *rapid.T) int64 { return rapid.SampledFrom(c.people).Draw(t, "user") }

// check fails when an account of his may do what he did not cover at the start.
func (c *escalation) check(t *rapid.T) {
	for id := range c.mine {
		has := access.Union(servicetest.Must(c.Store.RolesOf(c.T.Context(), id)))
		if !access.Covers(c.start, has) {
			t.Fatalf("user %d lets him do %+v; at the start he covered %+v", id, has, c.start)
		}
	}
}

// No sequence of calls gives anybody a permission, in any account that he can
// sign in to, which he did not have at the start.
func TestNoEscalation(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	names := slices.Sorted(maps.Keys(escalationSteps))
	run, succeeded := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		run++
		c := newEscalation(t, f, run)
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 8, 24).Draw(t, "attempts") {
			err := escalationSteps[name](c, t, c.viaKey(t, c.signIn(t)))
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
