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

// need is a permission that an operation needs.
type need struct {
	entity access.Entity
	action access.Action
}

// callers are the columns of the permission table, in their order.
var callers = []string{
	"nobody",     // no credential
	"garbage",    // no token at all
	"expired",    // a session that is too old
	"signed out", // a session that was ended
	"inactive",   // may not sign in any more; the session was left
	"reset",      // an administrator that has to change the password first
	"admin",      // role 1
	"user",       // role 2
	"only",       // what the operation needs, for all, and nothing else
	"but",        // everything else, for all
	"listed",     // what the operation needs, for the target alone
	"unlisted",   // what the operation needs, for another user alone
}

// scene is one caller and one target, fresh.
type scene struct {
	caller, target int64
	query          string // that names the target where the path does not
	token          string
}

// scene makes a caller of a kind, and a target: "plain" with a role that permits
// nothing, "member" with role 2, "administrator", "self" or "absent"; else 1. The
// target may be what is theirs: see owned.
func (f *fixture) scene(kind, target string, needs []need) scene {
	f.t.Helper()
	f.users++
	email := func(who string) string { return fmt.Sprintf("%s%d@example.org", who, f.users) }
	s := scene{caller: f.user(email("caller"))}
	target, thing := cutOwned(target)
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
		s.target = f.importOf(f.user(email("maker")))
	default: // none, or one that the test knows
		s.target = 1
	}
	limited := access.EntityUser // what the permissions of "listed" and "unlisted" list
	if id, ok := f.roleTarget(target); ok {
		s.target, limited = id, access.EntityRole
	}
	owner := s.target
	s.target, s.query = f.owned(thing, owner)
	created := f.clock.Now()
	switch kind {
	case "nobody":
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
		f.write(func(ctx context.Context, tx account.Tx) error {
			return tx.SetPassword(ctx, s.caller, f.hash, true, f.clock.Now())
		})
	case "inactive":
		f.setRoles(s.caller, access.AdministratorRole)
		f.deactivate(s.caller)
	case "only":
		f.setRoles(s.caller, f.role(grant("", 0, needs...)...))
	case "but":
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

// grant permits what is needed, for the id alone where it is one of things of the
// limited kind: of roles, or else of users, who own all other things.
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

// allBut permits everything that there is but for these.
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

// session stores a session past the rules and returns its token.
func (f *fixture) session(userID int64, created time.Time) string {
	f.t.Helper()
	text, hash, err := token.New(token.Session, rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(func(ctx context.Context, tx account.Tx) error {
		_, err := tx.InsertSession(ctx, account.Session{UserID: userID, Created: created, LastSeen: f.clock.Now(), ClientNetwork: home}, hash)
		return err
	})
	return text.Reveal()
}

func (f *fixture) setRoles(userID int64, roles ...int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error { return tx.SetUserRoles(ctx, userID, roles) })
}

// deactivate stores that a user may not sign in, and leaves the sessions.
func (f *fixture) deactivate(userID int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error {
		u, err := tx.User(ctx, userID, f.clock.Now())
		if err != nil {
			return err
		}
		key, _ := account.ParseEmail(u.Email)
		u.Active = false
		return tx.UpdateUser(ctx, u, u, key, f.clock.Now())
	})
}
