package roles_test

import (
	"context"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// matrixOf returns the form values that a browser would send for an unchanged matrix.
func matrixOf(a consoletest.Answer) url.Values {
	form := url.Values{}
	for _, field := range chosenOptions.FindAllStringSubmatch(a.Body, -1) {
		if chosen := chosenOption.FindStringSubmatch(field[2]); chosen != nil {
			form.Set(field[1], html.UnescapeString(chosen[1]))
		}
	}
	for _, field := range listedIDs.FindAllStringSubmatch(a.Body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if seen := seenMark.FindStringSubmatch(a.Body); seen != nil {
		form.Set("seen", seen[1])
	}
	return form
}

// TestMatrixUnchanged saves the unchanged matrix of a role that has every kind of permission. The
// role must keep all permissions, including unknown ones.
func TestMatrixUnchanged(t *testing.T) {
	s := consoletest.New(t)
	created := s.CreateRole("All kinds",
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, IDs: &[]int64{1, 14}},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, DynamicID: access.SelfUserID},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionEdit, DynamicID: access.SelfUserID},
		access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead, IDs: &[]int64{2}},
		access.PermissionRequest{Entity: access.EntityMail, Action: access.ActionRead},
		access.PermissionRequest{Entity: "webhook", Action: "read", IDs: &[]int64{5}},
		access.PermissionRequest{Entity: access.EntityUser, Action: "paint", DynamicID: access.SelfUserID},
	)
	const want = "mail:read role:read:2 user:edit:self user:paint:self user:read:1,14 user:read:self webhook:read:5"
	if got := holds(s, created.ID); got != want {
		t.Fatalf("the role has %s", got)
	}
	b := s.SignedInAs(consoletest.AdminEmail)
	view := b.Get(consoletest.RolePath(created.ID))
	view.Want(t, 200, "<code>webhook:read:5</code>", "<code>user:paint:self</code>", "kept as they are",
		`value="1, 14"`)
	b.Follow(consoletest.RolePath(created.ID)+"/permissions", matrixOf(view)).Want(t, 200, "The permissions were saved.")
	if got := holds(s, created.ID); got != want {
		t.Errorf("after saving the role has %s, want %s", got, want)
	}
}

func TestMatrixIsSaved(t *testing.T) {
	tests := []struct {
		name   string
		set    url.Values
		status int
		says   string
		want   string
	}{
		{"all", url.Values{
			"user:read": {"all"}, "user:create": {"all"}, "application-settings:read": {"all"},
		}, 303, "", "application-settings:read user:create user:read"},
		{"ids, however they are separated", url.Values{"role:read": {"ids"}, "role:read.ids": {"2, 1;2\n 1"}}, 303,
			"", "role:read:1,2"},
		{"own and ids", url.Values{"session:read": {"self+ids"}, "session:read.ids": {"7"}}, 303, "",
			"session:read:7 session:read:self"},
		{"ids that are not chosen", url.Values{"user:read": {"self"}, "user:read.ids": {"no numbers"}}, 303, "",
			"user:read:self"},
		{"what is no choice", url.Values{
			"user:read": {"self+all"}, "user:paint": {"all"}, "mail:read": {"ids"}, "mail:read.ids": {"1"},
		}, 303, "", ""},
		{"without the permission to see", url.Values{"user:delete": {"all"}, "user:read": {"self"}}, 422,
			"must see the same ones", ""},
		{"no ids", url.Values{"user:read": {"ids"}}, 422, "Write at least one id", ""},
		{"no numbers", url.Values{"user:read": {"ids"}, "user:read.ids": {"1, ada"}}, 422, "Write numbers", ""},
		{"no such number", url.Values{"user:read": {"ids"}, "user:read.ids": {"0"}}, 422, "Write numbers", ""},
		{"too many", url.Values{
			"user:read": {"ids"}, "user:read.ids": {manyIDs(access.MaxListedIDs + 1)},
		}, 422, "Must list at most 10000 ids in all.", ""},
	}
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			created := s.CreateRole(test.name)
			test.set.Set("seen", matrixOf(b.Get(consoletest.RolePath(created.ID))).Get("seen"))
			a := b.Post(consoletest.RolePath(created.ID)+"/permissions", test.set)
			a.Want(t, test.status, test.says)
			if got := holds(s, created.ID); got != test.want {
				t.Errorf("the role has %q, want %q", got, test.want)
			}
			if test.status == 303 {
				return
			}
			shown := matrixOf(a) // the page still has the typed values
			for name := range test.set {
				if name != "formToken" && shown.Get(name) != test.set.Get(name) {
					t.Errorf("%s is shown as %.50q", name, shown.Get(name))
				}
			}
		})
	}
}

func manyIDs(n int) string {
	var ids strings.Builder
	for i := range n {
		ids.WriteString(strconv.Itoa(i+1) + ",")
	}
	return ids.String()
}

// TestFaultIsInItsCell checks that an error is shown in the cell that caused it.
func TestFaultIsInItsCell(t *testing.T) {
	s := consoletest.New(t)
	created := s.CreateRole("Desk")
	b := s.SignedInAs(consoletest.AdminEmail)
	form := matrixOf(b.Get(consoletest.RolePath(created.ID)))
	form.Set("user:read", "all")
	form.Set("session:delete", "all")
	a := b.Post(consoletest.RolePath(created.ID)+"/permissions", form)
	a.Want(t, 422, `id="session:delete-fault"`, `aria-describedby="session:delete-fault"`)
	if strings.Count(a.Body, `class="fault"`) != 1 {
		t.Errorf("more than one cell is marked:\n%s", a.Body)
	}
}

// TestStaleMatrixIsRefused sends a form whose page was opened before another user saved other
// permissions. The server must refuse the form, because it would undo the other user's change.
func TestStaleMatrixIsRefused(t *testing.T) {
	s := consoletest.New(t)
	created := s.CreateRole("Desk")
	b := s.SignedInAs(consoletest.AdminEmail)
	before := matrixOf(b.Get(consoletest.RolePath(created.ID)))
	consoletest.Must(s.SetRolePermissions(t.Context(), s.Principal(consoletest.AdminEmail), created.ID,
		[]access.PermissionRequest{{Entity: access.EntityMail, Action: access.ActionRead}}))
	b.Post(consoletest.RolePath(created.ID)+"/permissions", before).Want(t, 409, "Somebody has changed these permissions")
	if got := holds(s, created.ID); got != "mail:read" {
		t.Errorf("the role has %s", got)
	}
}

// barrier is an [account.Transactor] that can make concurrent writes start together. After
// setBarrier(n), each write waits until n writes have arrived.
type barrier struct {
	account.Transactor
	waiting atomic.Int32
	open    chan struct{}
}

func (g *barrier) setBarrier(writes int32) {
	g.open = make(chan struct{})
	g.waiting.Store(writes)
}

func (g *barrier) Write(ctx context.Context, f func(ctx context.Context, tx *account.Tx) error) error {
	if g.open != nil {
		if g.waiting.Add(-1) == 0 {
			close(g.open)
		}
		<-g.open
	}
	return g.Transactor.Write(ctx, f)
}

// TestMatrixIsSavedByTwoAtOnce saves the same matrix from two browsers at the same time. Exactly
// one of them is refused.
func TestMatrixIsSavedByTwoAtOnce(t *testing.T) {
	writes := &barrier{}
	s := consoletest.New(t, func(o *service.Options) {
		store := *o.Store
		writes.Transactor, store.Transactor = store.Transactor, writes
		o.Store = &store
	})
	created := s.CreateRole("Desk")
	saves := make([]func() consoletest.Answer, 2)
	for i := range saves {
		b := s.SignedInAs(consoletest.AdminEmail)
		form := matrixOf(b.Get(consoletest.RolePath(created.ID)))
		form.Set("user:read", "ids")
		form.Set("user:read.ids", strconv.Itoa(i+1))
		saves[i] = func() consoletest.Answer { return b.Post(consoletest.RolePath(created.ID)+"/permissions", form) }
	}
	writes.setBarrier(2)
	answers := make([]consoletest.Answer, len(saves))
	var together sync.WaitGroup
	for i, save := range saves {
		together.Go(func() { answers[i] = save() })
	}
	together.Wait()
	won := slices.IndexFunc(answers, func(a consoletest.Answer) bool { return a.StatusCode == 303 })
	if won < 0 {
		t.Fatal("both were refused")
	}
	answers[1-won].Want(t, 409, "Somebody has changed these permissions")
	if got, want := holds(s, created.ID), "user:read:"+strconv.Itoa(won+1); got != want {
		t.Errorf("the role has %s, want %s", got, want)
	}
}

// TestMatrixOffersWhatOneHas checks that callers can't give permissions that they don't have. The
// choices are disabled, and package service refuses a forged form.
func TestMatrixOffersWhatOneHas(t *testing.T) {
	s := consoletest.New(t)
	editor := s.CreateRole("Role editor",
		access.PermissionRequest{Entity: access.EntityRole,
			Action: access.ActionRead}, access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionEdit},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, IDs: &[]int64{1}},
	)
	desk, mighty := s.CreateRole("Desk"), s.CreateRole("Mighty",
		access.PermissionRequest{Entity: access.EntityMail, Action: access.ActionRead})
	s.AddUser("ed@example.org", editor.ID)
	b := s.SignedInAs("ed@example.org")
	view := b.Get(consoletest.RolePath(desk.ID))
	view.Want(t, 200, "What is grey", `name="mail:read" disabled`, `<option value="all" disabled>All</option>`)
	if strings.Contains(view.Body, "Copy this role") || strings.Contains(view.Body, "Delete…") {
		t.Error("the page offers actions that the user may not take")
	}
	form := matrixOf(view)
	form.Set("mail:read", "all")
	b.Post(consoletest.RolePath(desk.ID)+"/permissions", form).Want(t, 403, "You do not have every permission")
	form.Del("mail:read")
	form.Set("user:read", "ids")
	form.Set("user:read.ids", "1")
	b.Follow(consoletest.RolePath(desk.ID)+"/permissions", form).Want(t, 200, "The permissions were saved.")
	if got := holds(s, desk.ID); got != "user:read:1" {
		t.Errorf("the role has %s", got)
	}

	view = b.Get(consoletest.RolePath(mighty.ID))
	view.Want(t, 200, "permits more than you may do yourself")
	if strings.Contains(view.Body, "<select") || strings.Contains(view.Body, "Save") {
		t.Error("a role that the user does not cover can be changed")
	}
	b.Post(consoletest.RolePath(mighty.ID)+"/permissions", url.Values{}).Want(t, 403)
	b.Post(consoletest.RolePath(mighty.ID), url.Values{"name": {"Mine"}}).Want(t, 403)
	if got := holds(s, mighty.ID); got != "mail:read" {
		t.Errorf("the role has %s", got)
	}
}
