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

// escalation is the state of one run of TestNoEscalation: an attacker without role 1 tries to gain
// permissions. The attacker can sign in to every account in passwords.
type escalation struct {
	*servicetest.Fixture
	start     access.Set                  // permissions of the attacker at the start, and of the default roles
	passwords map[int64]secret.Text       // passwords that the attacker knows, by user id
	sessions  map[int64]auth.SignInResult // the attacker's sessions, by user id
	users     []int64                     // ids of all users of this run
	roles     []int64                     // ids of all roles of this run
	address   func() string               // returns a new e-mail address that the attacker can read
}

// anyPermissions draws the permissions of a role. Some of the permissions are limited to ids from
// users or roles.
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

// newEscalation creates random roles and users. The attacker knows the password of the first user.
// All runs share a database, and each run has its own users and roles.
func newEscalation(t *rapid.T, f *servicetest.Fixture, run int) *escalation {
	addresses := 0
	c := &escalation{
		Fixture: f, passwords: map[int64]secret.Text{}, sessions: map[int64]auth.SignInResult{},
		users: []int64{1}, roles: slices.Clone([]int64{access.AdministratorRole, access.UserRole}),
		address: func() string {
			addresses++
			return fmt.Sprintf("attacker%d.%d@example.org", run, addresses)
		},
	}
	const userCount, roleCount = 4, 4
	firstUser, firstRole := f.AddUser(c.address())+1, f.AddRole()+1
	var permissions [roleCount][]access.Permission
	var users, roles []int64
	for i := range int64(userCount) {
		users = append(users, firstUser+i)
	}
	for i := range int64(roleCount) {
		roles = append(roles, firstRole+i)
	}
	c.users, c.roles = append(c.users, users...), append(c.roles, roles...)
	for i := range permissions {
		permissions[i] = anyPermissions(users, c.roles).Draw(t, "role")
	}
	if rapid.IntRange(0, 3).Draw(t, "weak") > 0 { // with random permissions alone, most calls would fail
		permissions[0] = []access.Permission{
			servicetest.Permit("user:read"), servicetest.Permit("user:create"), servicetest.Permit("user:edit-access"),
			servicetest.Permit("user:delete"), servicetest.PermitSelf("user:edit"),
			servicetest.Permit("role:read"), servicetest.Permit("role:create"), servicetest.Permit("role:edit"),
			servicetest.Permit("role:delete"), servicetest.Permit("role:assign"),
			servicetest.Permit("application-settings:edit"), servicetest.PermitSelf("api-key:create"),
		}
	}
	var rolesOf [userCount][]int64
	for i := range rolesOf {
		rolesOf[i] = rapid.SliceOfNDistinct(rapid.SampledFrom(c.roles[1:]), 1, 3, rapid.ID).Draw(t, "roles of a user")
	}
	if !slices.Contains(rolesOf[0], firstRole) {
		rolesOf[0] = append(rolesOf[0], firstRole)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		for _, ps := range permissions {
			if _, err := tx.InsertRole(ctx, access.Role{Name: rand.Text(), Permissions: ps}); err != nil {
				return err
			}
		}
		for _, ids := range rolesOf {
			if _, err := f.StoreUserIn(ctx, tx, account.User{Email: c.address(), Active: true, RoleIDs: ids}); err != nil {
				return err
			}
		}
		return nil
	})
	c.passwords[users[0]] = secret.New(servicetest.Password)
	automatic := []int64{access.UserRole}
	for i, ps := range permissions {
		if (access.Role{Permissions: ps}).MayBeAutomatic() {
			automatic = append(automatic, roles[i])
		}
	}
	defaults := rapid.SliceOfNDistinct(rapid.SampledFrom(automatic), 1, -1, rapid.ID).Draw(t, "default roles")
	f.StoreDefaultRoles(defaults...)
	defaultRoles := servicetest.Must(f.Store.Roles(f.T.Context(), defaults))
	ownRoles := servicetest.Must(f.Store.RolesOf(f.T.Context(), users[0]))
	c.start = access.Union(append(defaultRoles, ownRoles...))
	return c
}

// signIn chooses one of the accounts whose password the attacker knows, and returns its principal.
func (c *escalation) signIn(t *rapid.T) *account.Principal {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(c.passwords))).Draw(t, "as")
	if p, err := c.Authenticate(c.T.Context(), c.sessions[id].Token, account.Origin{}); err == nil {
		return p
	}
	from := account.Origin{ClientNetwork: servicetest.Home}
	in, err := c.SignIn(c.T.Context(), c.StoredUser(id).Email, c.passwords[id], from)
	if err != nil {
		t.Fatalf("sign in as user %d: %v", id, err)
	}
	if in.NeedPasswordReset {
		chosen := secret.New(c.passwords[id].Reveal() + "1")
		if err := c.ChangePassword(c.T.Context(), c.PrincipalOf(in),
			auth.PasswordChange{Current: c.passwords[id], Next: chosen}, from); err != nil {
			t.Fatal(err)
		}
		c.passwords[id] = chosen
	}
	c.sessions[id] = in
	return c.PrincipalOf(in)
}

// escalationSteps are the operations that the attacker can try, by name. Every operation that can
// change a user's access needs an entry here. An entry also updates passwords, users and roles.
var escalationSteps = map[string]func(*escalation, *rapid.T, *account.Principal) error{
	"create a role":                 (*escalation).createRole,
	"copy a role":                   (*escalation).copyRole,
	"rename a role":                 (*escalation).renameRole,
	"set permissions":               (*escalation).setPermissions,
	"delete a role":                 (*escalation).deleteRole,
	"import a user":                 (*escalation).importUser,
	"set an address and be invited": (*escalation).invite,
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
			c.passwords[id] = secret.New(servicetest.NextPassword)
		}
		return err
	},
	"set an address and recover": func(c *escalation, t *rapid.T, p *account.Principal) error {
		id, address := c.anyUser(t), c.address()
		_, err := c.UpdateUser(c.T.Context(), p, id, account.UserUpdate{Email: &address, Active: new(true)})
		if err != nil {
			return err
		}
		c.passwords[id] = secret.New(servicetest.NextPassword)
		c.Clock.Advance(time.Hour) // the messages to a user are limited for each hour
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
			c.users = append(c.users, users[0].ID)
			c.passwords[users[0].ID] = secret.New(servicetest.Password)
		}
		return err
	},
	"delete a user": func(c *escalation, t *rapid.T, p *account.Principal) error {
		id := c.anyUser(t)
		if _, own := c.passwords[id]; own && len(c.passwords) == 1 {
			return nil
		}
		err := c.DeleteUser(c.T.Context(), p, id)
		if err == nil {
			delete(c.passwords, id)
		}
		return err
	},
}

// anyUser draws one of the users of this run.
func (c *escalation) anyUser(t *rapid.T) int64 { return rapid.SampledFrom(c.users).Draw(t, "user") }

// check fails the test if an account of the attacker has a permission that start does not include.
func (c *escalation) check(t *rapid.T) {
	for id := range c.passwords {
		has := access.Union(servicetest.Must(c.Store.RolesOf(c.T.Context(), id)))
		if !access.Covers(c.start, has) {
			t.Fatalf("user %d has %+v; at the start the attacker had %+v", id, has, c.start)
		}
	}
}

// No sequence of steps gives the attacker a permission that they did not have at the start. This
// holds for every account whose password the attacker knows.
func TestNoEscalation(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	names := slices.Sorted(maps.Keys(escalationSteps))
	run, succeeded := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		run++
		c := newEscalation(t, f, run)
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 8, 24).Draw(t, "steps") {
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
			t.Errorf("the step %q never succeeds, so it tests nothing", name)
		}
	}
	t.Logf("successful steps: %v", succeeded)
}
