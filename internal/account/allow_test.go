package account_test

import (
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	ownID    int64 = 7
	listedID int64 = 8
	otherID  int64 = 9
)

// principalWith returns a principal with the user id ownID and the given permissions.
func principalWith(permissions ...access.Permission) *account.Principal {
	return &account.Principal{User: account.User{ID: ownID, Active: true}, Access: access.Set{Permissions: permissions}}
}

// entityActions returns pairs of an entity and an action, registered ones and unknown ones. The
// value is whether the registry has the pair.
func entityActions() (pairs map[[2]string]bool) {
	pairs = map[[2]string]bool{}
	actions := []access.Action{
		access.ActionRead, access.ActionCreate, access.ActionEdit, access.ActionEditAccess, access.ActionDelete,
		access.ActionAssign, "fly",
	}
	for _, known := range append(slices.Clone(access.Registry), struct {
		Entity  access.Entity
		Actions []access.Action
	}{Entity: "widget"}) {
		for _, a := range actions {
			pairs[[2]string{string(known.Entity), string(a)}] = slices.Contains(known.Actions, a)
		}
	}
	return pairs
}

// TestAllow checks every combination of four things: the entity and action (registered or unknown),
// the scope of the caller's permission, whether the caller may also read, and the target.
func TestAllow(t *testing.T) {
	scopes := map[string]*access.Permission{
		"none": nil,
		"all":  {Scope: access.ScopeAll},
		"ids":  {Scope: access.ScopeIDs, IDs: []int64{listedID}},
		"self": {Scope: access.ScopeSelf},
		"odd":  {Scope: "everything"},
		"no":   {Scope: access.ScopeIDs},
	}
	targets := []int64{access.Any, access.All, ownID, listedID, otherID}
	for pair, known := range entityActions() {
		entity, action := access.Entity(pair[0]), access.Action(pair[1])
		owned := slices.Contains(access.OwnedByUser, entity)
		reaches := func(scope string, target int64) bool {
			return scope == "all" || scope == "ids" && target == listedID || scope == "self" && owned && target == ownID
		}
		for scope, permission := range scopes {
			for _, reader := range []bool{false, true} {
				var held []access.Permission
				if permission != nil {
					p := *permission
					p.Entity, p.Action = entity, action
					held = append(held, p)
				}
				if reader {
					held = append(held, access.Permission{Entity: entity, Action: access.ActionRead, Scope: access.ScopeAll})
				}
				for _, target := range targets {
					granted := scope != "none" || reader && action == access.ActionRead
					want := account.CodeNotFound
					switch {
					case !known || !granted:
						want = account.CodeForbidden
					case target == access.Any, scope == "all", reader && action == access.ActionRead:
						want = ""
					case target == access.All:
						want = account.CodeForbidden
					case reaches(scope, target):
						want = ""
					case reader && hasAction(entity, access.ActionRead):
						want = account.CodeForbidden
					}
					got := account.ErrorCode(account.Allow(principalWith(held...), action, entity, target))
					if got != want {
						t.Errorf("%s:%s, scope %s, reader %v, target %d: code %q, want %q",
							entity, action, scope, reader, target, got, want)
					}
				}
			}
		}
	}
}

func hasAction(e access.Entity, a access.Action) bool {
	return entityActions()[[2]string{string(e), string(a)}]
}

func TestAllowAdministrator(t *testing.T) {
	admin := principalWith()
	admin.Access.Administrator = true
	for pair, known := range entityActions() {
		for _, target := range []int64{access.Any, access.All, ownID, otherID} {
			err := account.Allow(admin, access.Action(pair[1]), access.Entity(pair[0]), target)
			if (err == nil) != known {
				t.Errorf("%v: error %v; in the registry: %v", pair, err, known)
			}
		}
	}
	admin.User.NeedPasswordReset = true
	err := account.Allow(admin, access.ActionRead, access.EntityUser, ownID)
	if code := account.ErrorCode(err); code != account.CodePasswordChangeRequired {
		t.Errorf("a user who must change the password gets code %q", code)
	}
}
