package httpapi_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// need is a permission that an operation requires.
type need struct {
	entity access.Entity
	action access.Action
}

// callers are the callers of the permission table. The field want of a row has one result for each, in this order.
var callers = []string{
	"anonymous",  // no credential
	"garbage",    // a text that is not a token
	"expired",    // a session whose absolute lifetime is over
	"signed out", // a session that the caller ended
	"inactive",   // an administrator who was made inactive; the session still exists
	"reset",      // an administrator who must change the password first
	"admin",      // role 1
	"user",       // role 2
	"minimal",    // only the required permissions, for all objects
	"lacking",    // all permissions except the first required one, for all objects
	"listed",     // the required permissions, for the target only
	"unlisted",   // the required permissions, for another object than the target
}

// scenario is a new caller and a new target for one request of the permission table.
type scenario struct {
	caller, target int64
	query          string // the query that names the target, if the path doesn't
	token          string
}

// scenario stores a caller of a kind in callers, and a target. The target is a user: "plain" with a role without
// permissions, "member" with role 2, "administrator", "self" (the caller) or "absent". It can also be a key or a
// session of one of these users (see ownedTarget), a role (see roleTarget) or an import. For any other text the target
// is the id 1.
func (f *fixture) scenario(kind, target string, needs []need) scenario {
	f.t.Helper()
	f.scenarios++
	email := func(name string) string { return fmt.Sprintf("%s%d@example.org", name, f.scenarios) }
	s := scenario{caller: f.user(email("caller"))}
	target, kindOfTarget := cutOwned(target)
	switch target {
	case "plain":
		s.target = f.user(email("target"), f.role())
	case "member":
		s.target = f.user(email("target"), access.UserRole)
	case "administrator":
		s.target = f.user(email("target"), access.AdministratorRole)
	case "self":
		s.target = s.caller
	case "absent":
		s.target = 999_999
	case "own import":
		s.target = f.importOf(s.caller)
	case "another's import":
		s.target = f.importOf(f.user(email("importer")))
	default: // the first administrator, or no target
		s.target = 1
	}
	limited := access.EntityUser // the permissions of "listed" and "unlisted" have ids of this entity
	if id, ok := f.roleTarget(target); ok {
		s.target, limited = id, access.EntityRole
	}
	owner := s.target
	s.target, s.query = f.ownedTarget(kindOfTarget, owner)
	created := f.clock.Now()
	switch kind {
	case "anonymous":
		return s
	case "garbage":
		s.token = "rubbish"
		return s
	case "expired":
		created = created.Add(-account.SessionAbsolute)
	case "admin":
		f.setRoles(s.caller, access.AdministratorRole)
	case "reset":
		f.setRoles(s.caller, access.AdministratorRole)
		f.write(func(ctx context.Context, tx *account.Tx) error {
			return tx.SetPassword(ctx, s.caller, f.hash, true, f.clock.Now())
		})
	case "inactive":
		f.setRoles(s.caller, access.AdministratorRole)
		f.deactivate(s.caller)
	case "minimal":
		f.setRoles(s.caller, f.role(grant("", 0, needs...)...))
	case "lacking":
		f.setRoles(s.caller, f.role(allBut(needs[:min(1, len(needs))]...)...))
	case "listed":
		f.setRoles(s.caller, f.role(grant(limited, owner, needs...)...))
	case "unlisted":
		bystander := f.user(email("bystander"))
		if limited == access.EntityRole {
			bystander = f.role()
		}
		f.setRoles(s.caller, f.role(grant(limited, bystander, needs...)...))
	}
	s.token = f.session(s.caller, created)
	if kind == "signed out" {
		f.do(call{method: "POST", path: "/api/logout", token: s.token})
	}
	return s
}

// grant returns the permissions in needs. If limited is empty, they apply to all objects. If limited is the role
// entity, the permissions on roles apply only to the role with the id. If limited is the user entity, all permissions
// except those on roles apply only to the user with the id, who owns the objects.
func grant(limited access.Entity, id int64, needs ...need) (ps []access.Permission) {
	for _, n := range needs {
		p := access.Permission{Entity: n.entity, Action: n.action, Scope: access.ScopeAll}
		if limited != "" && (limited == access.EntityRole) == (n.entity == access.EntityRole) {
			p.Scope, p.IDs = access.ScopeIDs, []int64{id}
		}
		ps = append(ps, p)
	}
	return ps
}

// allBut returns all permissions except those in needs. The permissions apply to all objects.
func allBut(needs ...need) (ps []access.Permission) {
	for _, known := range access.Registry {
		for _, action := range known.Actions {
			if !slices.Contains(needs, need{known.Entity, action}) {
				ps = append(ps, access.Permission{Entity: known.Entity, Action: action, Scope: access.ScopeAll})
			}
		}
	}
	return ps
}

// session stores a session directly, without a sign-in, and returns its token.
func (f *fixture) session(userID int64, created time.Time) string {
	f.t.Helper()
	text, hash, err := token.New(token.Session, rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(func(ctx context.Context, tx *account.Tx) error {
		session := account.Session{
			UserID: userID, Created: created, LastSeen: f.clock.Now(), ClientNetwork: clientAddress,
		}
		_, err := tx.InsertSession(ctx, session, hash)
		return err
	})
	return text.Reveal()
}

func (f *fixture) setRoles(userID int64, roles ...int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *account.Tx) error { return tx.SetUserRoles(ctx, userID, roles) })
}

// deactivate makes a user inactive directly in the store. So it keeps the user's sessions, which the operation would
// end.
func (f *fixture) deactivate(userID int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *account.Tx) error {
		u, err := tx.User(ctx, userID, f.clock.Now())
		if err != nil {
			return err
		}
		key, _ := account.ParseEmail(u.Email)
		u.Active = false
		return tx.UpdateUser(ctx, u, u, key, f.clock.Now())
	})
}
