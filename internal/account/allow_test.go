package account_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	me     int64 = 7
	listed int64 = 8
	other  int64 = 9
)

// holder is user 7 with these permissions.
func holder(permissions ...account.Permission) *account.Principal {
	return &account.Principal{User: account.User{ID: me, Active: true}, Access: account.Access{Permissions: permissions}}
}

// everyPair returns each entity with each action that any entity has, and which
// of them the registry knows.
func everyPair() (pairs map[[2]string]bool) {
	pairs = map[[2]string]bool{}
	actions := []account.Action{read, create, edit, editAccess, remove, assign, "fly"}
	for _, known := range append(slices.Clone(account.Registry), struct {
		Entity  account.Entity
		Actions []account.Action
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
	scopes := map[string]*account.Permission{
		"none": nil,
		"all":  {Scope: account.ScopeAll},
		"ids":  {Scope: account.ScopeIDs, IDs: []int64{listed}},
		"self": {Scope: account.ScopeSelf},
		"odd":  {Scope: "everything"},
		"no":   {Scope: account.ScopeIDs},
	}
	targets := []int64{account.Any, account.All, me, listed, other}
	for pair, known := range everyPair() {
		entity, action := account.Entity(pair[0]), account.Action(pair[1])
		owned := slices.Contains(account.OwnedByUser, entity)
		reaches := func(scope string, target int64) bool {
			return scope == "all" || scope == "ids" && target == listed || scope == "self" && owned && target == me
		}
		for scope, permission := range scopes {
			for _, reader := range []bool{false, true} {
				var held []account.Permission
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
					case target == account.Any, scope == "all", reader && action == read:
						want = ""
					case target == account.All:
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

func entityHas(e account.Entity, a account.Action) bool {
	return everyPair()[[2]string{string(e), string(a)}]
}

func TestAllowAdministrator(t *testing.T) {
	admin := holder()
	admin.Access.Administrator = true
	for pair, known := range everyPair() {
		for _, target := range []int64{account.Any, account.All, me, other} {
			err := account.Allow(admin, account.Action(pair[1]), account.Entity(pair[0]), target)
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

func TestCovers(t *testing.T) {
	access := func(ps ...account.Permission) account.Access { return account.Access{Permissions: ps} }
	admin := account.Access{Administrator: true}
	tests := []struct {
		name string
		a, b account.Access
		want bool
	}{
		{"nothing covers nothing", access(), access(), true},
		{"all covers all", access(may(user, read)), access(may(user, read)), true},
		{"another action", access(may(user, edit)), access(may(user, read)), false},
		{"another entity", access(may(role, read)), access(may(user, read)), false},
		{"all covers ids", access(may(user, read)), access(may(user, read, 1, 2)), true},
		{"all covers self", access(may(user, read)), access(self(user, read)), true},
		{"ids cover fewer", access(may(user, read, 1, 2)), access(may(user, read, 2)), true},
		{"ids cover no more", access(may(user, read, 1, 2)), access(may(user, read, 2, 3)), false},
		{"ids cover not all", access(may(user, read, 1, 2)), access(may(user, read)), false},
		{"ids cover not self", access(may(user, read, 1, 2)), access(self(user, read)), false},
		{"ids of two roles", access(may(user, read, 1), may(user, read, 2)), access(may(user, read, 1, 2)), true},
		{"self covers self", access(self(user, read)), access(self(user, read)), true},
		{"self covers no ids", access(self(user, read)), access(may(user, read, me)), false},
		{"self covers not all", access(self(user, read)), access(may(user, read)), false},
		{"one of two", access(may(user, read)), access(may(user, read), may(user, edit)), false},
		{"administrator covers all", admin, access(may(user, read), may("widget", "fly")), true},
		{"administrator covers one", admin, admin, true},
		{"nobody covers an administrator", access(account.Role{ID: 1}.Expand()...), admin, false},
		{"an odd scope", access(may(user, edit)), access(account.Permission{Entity: user, Action: read, Scope: "odd"}), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := account.Covers(test.a, test.b); got != test.want {
				t.Errorf("Covers = %v", got)
			}
		})
	}
}

// anyPermission draws a permission for few entities and ids, so that some meet.
var anyPermission = rapid.Custom(func(t *rapid.T) account.Permission {
	p := account.Permission{
		Entity: rapid.SampledFrom([]account.Entity{user, role}).Draw(t, "entity"),
		Action: rapid.SampledFrom([]account.Action{read, edit}).Draw(t, "action"),
		Scope:  rapid.SampledFrom([]account.Scope{account.ScopeAll, account.ScopeIDs, account.ScopeSelf}).Draw(t, "scope"),
	}
	if p.Scope == account.ScopeIDs {
		p.IDs = rapid.SliceOfNDistinct(rapid.Int64Range(1, 4), 1, 3, rapid.ID).Draw(t, "ids")
	}
	return p
})

var anyAccess = rapid.Custom(func(t *rapid.T) account.Access {
	return account.Access{
		Administrator: rapid.IntRange(0, 9).Draw(t, "administrator") == 0,
		Permissions:   rapid.SliceOfN(anyPermission, 0, 5).Draw(t, "permissions"),
	}
})

// Covers is an order, and who covers somebody may do everything that he may.
func TestCoversIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyAccess.Draw(t, "a"), anyAccess.Draw(t, "b"), anyAccess.Draw(t, "c")
		if !account.Covers(a, a) {
			t.Fatalf("%+v does not cover itself", a)
		}
		if account.Covers(a, b) && account.Covers(b, c) && !account.Covers(a, c) {
			t.Fatalf("%+v covers %+v, and that covers %+v, but it does not", a, b, c)
		}
		if !account.Covers(a, b) {
			return
		}
		as := func(access account.Access) *account.Principal {
			return &account.Principal{User: account.User{ID: 3}, Access: access}
		}
		for _, e := range []account.Entity{user, role} {
			for _, act := range []account.Action{read, edit} {
				for id := int64(0); id < 6; id++ {
					if account.Allow(as(b), act, e, id) == nil && account.Allow(as(a), act, e, id) != nil {
						t.Fatalf("%+v covers %+v but may not %s %s %d", a, b, act, e, id)
					}
				}
			}
		}
	})
}
