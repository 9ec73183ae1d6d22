package service_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	me     int64 = 7
	listed int64 = 8
	other  int64 = 9
)

// holder is user 7 with these permissions.
func holder(permissions ...access.Permission) *account.Principal {
	return &account.Principal{User: account.User{ID: me, Active: true}, Access: access.Set{Permissions: permissions}}
}

// everyPair returns each entity with each action that any entity has, and which
// of them the registry knows.
func everyPair() (pairs map[[2]string]bool) {
	pairs = map[[2]string]bool{}
	actions := []access.Action{read, create, edit, editAccess, remove, assign, "fly"}
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

// The whole table: for every entity and action, known or not, every scope that
// the caller may hold, alone or with read, and every target.
func TestAllow(t *testing.T) {
	scopes := map[string]*access.Permission{
		"none": nil,
		"all":  {Scope: access.ScopeAll},
		"ids":  {Scope: access.ScopeIDs, IDs: []int64{listed}},
		"self": {Scope: access.ScopeSelf},
		"odd":  {Scope: "everything"},
		"no":   {Scope: access.ScopeIDs},
	}
	targets := []int64{access.Any, access.All, me, listed, other}
	for pair, known := range everyPair() {
		entity, action := access.Entity(pair[0]), access.Action(pair[1])
		owned := slices.Contains(access.OwnedByUser, entity)
		reaches := func(scope string, target int64) bool {
			return scope == "all" || scope == "ids" && target == listed || scope == "self" && owned && target == me
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
					held = append(held, may(entity, read))
				}
				for _, target := range targets {
					granted := scope != "none" || reader && action == read
					want := account.CodeNotFound
					switch {
					case !known || !granted:
						want = account.CodeForbidden
					case target == access.Any, scope == "all", reader && action == read:
						want = ""
					case target == access.All:
						want = account.CodeForbidden
					case reaches(scope, target):
						want = ""
					case reader && entityHas(entity, read):
						want = account.CodeForbidden
					}
					got := account.ErrorCode(account.Allow(holder(held...), action, entity, target))
					if got != want {
						t.Errorf("%s:%s, scope %s, reader %v, target %d: %q, want %q", entity, action, scope, reader, target, got, want)
					}
				}
			}
		}
	}
}

func entityHas(e access.Entity, a access.Action) bool {
	return everyPair()[[2]string{string(e), string(a)}]
}

func TestAllowAdministrator(t *testing.T) {
	admin := holder()
	admin.Access.Administrator = true
	for pair, known := range everyPair() {
		for _, target := range []int64{access.Any, access.All, me, other} {
			err := account.Allow(admin, access.Action(pair[1]), access.Entity(pair[0]), target)
			if (err == nil) != known {
				t.Errorf("%v: %v, and the registry knows it: %v", pair, err, known)
			}
		}
	}
	admin.User.NeedPasswordReset = true
	wantCode(t, account.Allow(admin, read, user, me), account.CodePasswordChangeRequired)
}

// What cannot be seen and what is not there answer the same.
func TestNotFoundIsAlike(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	_, hidden := f.User(t.Context(), f.as("ann@example.org"), 1)
	_, absent := f.User(t.Context(), f.as("ann@example.org"), 99)
	_, gone := f.User(t.Context(), f.as(adminEmail), 99)
	for _, err := range []error{hidden, absent, gone} {
		wantCode(t, err, account.CodeNotFound)
		if fmt.Sprintf("%#v", *asError(t, err)) != fmt.Sprintf("%#v", *asError(t, hidden)) {
			t.Errorf("%v differs from %v", err, hidden)
		}
	}
}
