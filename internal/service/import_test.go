package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

// The hash of "Correct-Horse-1", as bcrypt has it at its lowest cost.
const bcryptHash = "$2a$04$bkxuduh4QEpJBMFTfF6NBOxIyK3a9qSJ2tL0k4RYpmtc.29B5aNGy"

// row is a row of an import with a password hash, active at the end.
func row(email string) account.ImportUser {
	return account.ImportUser{Name: "New", Email: email, Active: true, PasswordHash: ptr(secret.New(bcryptHash))}
}

// rowsOf returns so many rows, user1@example.net and on.
func rowsOf(from, to int) (users []account.ImportUser) {
	for n := from; n <= to; n++ {
		users = append(users, row(fmt.Sprintf("user%d@example.net", n)))
	}
	return users
}

func (f *fixture) begin(caller *account.Principal, dryRun bool) account.Import {
	f.t.Helper()
	i, err := f.BeginImport(f.t.Context(), caller, dryRun)
	if err != nil {
		f.t.Fatal(err)
	}
	return i
}

// add adds rows that must be good.
func (f *fixture) add(caller *account.Principal, id int64, first int, users ...account.ImportUser) account.Import {
	f.t.Helper()
	i, faults, err := f.AddImportRows(f.t.Context(), caller, id, first, users)
	if err != nil || len(faults) > 0 {
		f.t.Fatalf("faults %v, error %v", faults, err)
	}
	return i
}

// imported returns how many users there are but for those of the fixture, and how
// many of them are active.
func (f *fixture) imported() (all, active int) {
	f.t.Helper()
	for _, u := range f.users() {
		if strings.HasSuffix(u.Email, "@example.net") {
			all++
			if u.Active {
				active++
			}
		}
	}
	return all, active
}

func (f *fixture) wantImported(when string, all, active int) {
	f.t.Helper()
	if a, b := f.imported(); a != all || b != active {
		f.t.Errorf("%s: %d users, %d of them active; want %d and %d", when, a, b, all, active)
	}
}

func TestImport(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	f.add(admin, i.ID, 1, row("hash@example.net"),
		account.ImportUser{Name: "P", Email: "password@example.net", Active: true, Password: ptr(secret.New(next))},
		account.ImportUser{Name: "I", Email: "invited@example.net", Active: true, Surname: ptr("S")})
	i = f.add(admin, i.ID, 4, account.ImportUser{Name: "N", Email: "inactive@example.net"})
	if i.Rows != 4 || i.State != account.ImportOpen {
		t.Errorf("the import is %+v", i)
	}
	f.wantImported("before the end", 4, 0)
	if _, err := f.try("hash@example.net", password, home); account.ErrorCode(err) != account.CodeInvalidCredentials {
		t.Errorf("a sign-in before the end: %v", err)
	}
	i, err := f.FinishImport(t.Context(), admin, i.ID)
	if err != nil || i.State != account.ImportFinished || i.Rows != 4 || i.Finished.IsZero() {
		t.Fatalf("the import is %+v, %v", i, err)
	}
	f.wantImported("at the end", 4, 3)
	f.signIn("password@example.net", next)
	d := f.claim()
	if d == nil || d.Message.To != "invited@example.net" || f.claim() != nil {
		t.Fatalf("the first message is %+v, want one to the invited user alone", d)
	}
	if err := f.retrieve(tokenIn(d), next); err != nil {
		t.Fatal(err)
	}
	f.signIn("invited@example.net", next)
	if u := f.find(f.userID("invited@example.net")); u.Surname == nil || *u.Surname != "S" || u.NeedPasswordReset || fmt.Sprint(u.RoleIDs) != "[2]" {
		t.Errorf("the invited user is %+v", u)
	}
	f.wantUnwritten(next, tokenIn(d))
}

// A hash from elsewhere becomes one of our own at the first sign-in.
func TestImportedHashIsReplaced(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	f.add(admin, i.ID, 1, row("ann@example.net"))
	if _, err := f.FinishImport(t.Context(), admin, i.ID); err != nil {
		t.Fatal(err)
	}
	key, _ := account.ParseEmail("ann@example.net")
	hash := func() string { return must(f.store.under.CredentialByEmail(t.Context(), key)).PasswordHash }
	if hash() != bcryptHash {
		t.Errorf("the hash is %s", hash())
	}
	_, err := f.try("ann@example.net", wrong, home)
	wantCode(t, err, account.CodeInvalidCredentials)
	f.signIn("ann@example.net", password)
	if !strings.HasPrefix(hash(), "$argon2id$") {
		t.Errorf("the hash is %s still", hash())
	}
	f.signIn("ann@example.net", password)
}

func TestDryRun(t *testing.T) {
	f := newFixture(t)
	f.user("taken@example.org")
	admin := f.as(adminEmail)
	i := f.begin(admin, true)
	hashed := f.pool.HashCount()
	_, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 1, []account.ImportUser{
		row("ann@example.net"),
		{Name: " ", Email: "rubbish", Password: ptr(secret.New("short")), Surname: ptr(strings.Repeat("x", 257)), Biography: ptr("a\x00")},
		{Name: "B", Email: "Taken@Example.org"},
		{Name: "C", Email: "ANN@example.net", PasswordHash: ptr(secret.New("5f4dcc3b5aa765d61d8327deb882cf99"))},
		{Name: "D", Email: "d@example.net", Password: ptr(secret.New(password)), PasswordHash: ptr(secret.New(bcryptHash))},
	})
	if err != nil {
		t.Fatal(err)
	}
	i, more, err := f.AddImportRows(t.Context(), admin, i.ID, 6, []account.ImportUser{row("ann@EXAMPLE.net"), row("e@example.net")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, fault := range append(faults, more...) {
		got = append(got, fmt.Sprint(fault.Row, fault.Path))
	}
	const want = "2/name 2/email 2/surname 2/biography 2/password 3/email 4/passwordHash 4/email 5/passwordHash 6/email"
	if strings.Join(got, " ") != want {
		t.Errorf("the faults are %q, want %q", got, want)
	}
	if i.Rows != 7 || i.Faults != 10 || i.State != account.ImportOpen {
		t.Errorf("the import is %+v", i)
	}
	if m := more[0].Message; !strings.HasSuffix(m, "row 1") {
		t.Errorf("the row before it is not named: %q", m)
	}
	if i, err = f.FinishImport(t.Context(), admin, i.ID); err != nil || i.State != account.ImportFinished {
		t.Fatalf("%+v, %v", i, err)
	}
	if f.pool.HashCount() != hashed {
		t.Error("it hashed passwords for nothing")
	}
	f.wantImported("at the end", 0, 0)
	if n := f.importRows(i.ID); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// importRows returns how many rows an import still has.
func (f *fixture) importRows(id int64) (n int) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error {
		rows, err := tx.ImportRows(ctx, id, 100_000)
		n = len(rows)
		return err
	})
	return n
}

// Rows that are there are skipped, whole batches and parts; none may be missing.
func TestImportRepeats(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	f.add(admin, i.ID, 1, rowsOf(1, 5)...)
	f.add(admin, i.ID, 1, rowsOf(1, 5)...)
	f.add(admin, i.ID, 2, rowsOf(2, 3)...)
	if i = f.add(admin, i.ID, 4, rowsOf(4, 8)...); i.Rows != 8 {
		t.Errorf("%d rows, want 8", i.Rows)
	}
	for _, first := range []int{0, 10, -1} {
		_, _, err := f.AddImportRows(t.Context(), admin, i.ID, first, rowsOf(9, 9))
		wantPaths(t, err, account.CodeInvalid, "/first")
	}
	_, _, err := f.AddImportRows(t.Context(), admin, i.ID, 9, nil)
	wantPaths(t, err, account.CodeInvalid, "/users")
	_, _, err = f.AddImportRows(t.Context(), admin, i.ID, 9, make([]account.ImportUser, userimport.MaxImportRows+1))
	wantCode(t, err, account.CodeTooLarge)
	f.wantImported("after all", 8, 0)
}

// The same rows, sent many times at once, are taken once.
func TestParallelImportRows(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	errs := parallel(8, func(n int) error {
		_, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 1, rowsOf(1, 20+n))
		if len(faults) > 0 {
			return fmt.Errorf("faults %v", faults)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	f.wantImported("after all", 27, 0)
}

// A fault undoes what the batches before it have made, and nothing else.
func TestImportFaultUndoesAll(t *testing.T) {
	f := newFixture(t)
	f.user("bystander@example.org")
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	f.add(admin, i.ID, 1, rowsOf(1, 700)...)
	i, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 701, []account.ImportUser{row("good@example.net"), row("bystander@example.org"), row("user7@example.net")})
	if err != nil || i.State != account.ImportUndone || i.Faults != 2 {
		t.Fatalf("the import is %+v, %v", i, err)
	}
	if len(faults) != 2 || faults[0].Row != 702 || faults[0].Path != "/email" || faults[1].Message != "is the same address as that of row 7" {
		t.Errorf("the faults are %+v", faults)
	}
	f.wantImported("after the fault", 0, 0)
	f.find(f.userID("bystander@example.org"))
	_, err = f.FinishImport(t.Context(), admin, i.ID)
	wantCode(t, err, account.CodeImportState)
	_, _, err = f.AddImportRows(t.Context(), admin, i.ID, 701, rowsOf(701, 701))
	wantCode(t, err, account.CodeImportState)
}

// Somebody may take an address between the check of a batch and its transaction.
func TestImportAddressTakenInBetween(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	f.add(admin, i.ID, 1, rowsOf(1, 3)...)
	taken := false
	f.store.hook(func(name string) {
		if name == "TakenEmails" && !taken {
			taken = true
			f.user("user5@example.net")
		}
	})
	i, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 4, append(rowsOf(5, 5), rowsOf(4, 4)...))
	f.store.hook(func(string) {})
	if err != nil || i.State != account.ImportUndone || len(faults) != 1 || faults[0].Row != 4 {
		t.Fatalf("%+v, faults %v, %v", i, faults, err)
	}
	f.wantImported("after it", 1, 1) // the one who was faster
}

// Where each row takes long, a transaction finishes or undoes few, and the import
// ends all the same.
func TestImportFarFromTheDatabase(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	var passed atomic.Int64
	far := f.with(func(o *service.Options) {
		o.Monotonic = func() time.Time { return start.Add(time.Duration(passed.Add(1)) * 2 * time.Second) }
	})
	finished, undone := f.begin(admin, false), f.begin(admin, false)
	f.add(admin, finished.ID, 1, rowsOf(1, 4)...)
	f.add(admin, undone.ID, 1, rowsOf(5, 9)...)
	calls := f.store.during(func() { finished = must(far.FinishImport(t.Context(), admin, finished.ID)) })
	if finished.State != account.ImportFinished || calls["Write"] != 4 {
		t.Errorf("finishing: %+v, by %v", finished, calls)
	}
	calls = f.store.during(func() { undone = must(far.UndoImport(t.Context(), admin, undone.ID)) })
	if undone.State != account.ImportUndone || calls["Write"] != 5 {
		t.Errorf("undoing: %+v, by %v", undone, calls)
	}
	f.wantImported("after both", 4, 4)
}

func TestUndoImport(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	i := f.begin(admin, false)
	f.add(admin, i.ID, 1, rowsOf(1, 6)...)
	if err := f.DeleteUser(t.Context(), admin, f.userID("user1@example.net")); err != nil {
		t.Fatal(err)
	}
	if err := f.update(f.userID("user2@example.net"), account.UserUpdate{Active: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a repeat does no harm
		i, err := f.UndoImport(t.Context(), admin, i.ID)
		if err != nil || i.State != account.ImportUndone {
			t.Fatalf("%+v, %v", i, err)
		}
	}
	f.wantImported("after it", 1, 1) // the one that somebody has activated
}

// A crash in the middle of finishing or undoing loses and doubles nothing.
func TestImportGoesOnAfterACrash(t *testing.T) {
	for _, test := range []struct {
		name                   string
		end                    func(s *service.Service, ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
		state                  account.ImportState
		refused                func(s *service.Service, ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
		all, active, remaining int
	}{
		{"finish", (*service.Service).FinishImport, account.ImportFinished, (*service.Service).UndoImport, 1300, 1300, 1300},
		{"undo", (*service.Service).UndoImport, account.ImportUndone, (*service.Service).FinishImport, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			admin := f.as(adminEmail)
			i := f.begin(admin, false)
			f.add(admin, i.ID, 1, rowsOf(1, 1000)...)
			f.add(admin, i.ID, 1001, rowsOf(1001, 1300)...)
			writes := 0
			f.store.hook(func(name string) {
				if name == "Write" {
					if writes++; writes == 3 {
						f.store.down.Store(true)
					}
				}
			})
			if _, err := test.end(f.Service, t.Context(), admin, i.ID); !errors.Is(err, errDown) {
				t.Fatalf("it did not crash: %v", err)
			}
			f.store.hook(func(string) {})
			f.store.down.Store(false)
			if n := f.importRows(i.ID); n != 900 { // two transactions of 200
				t.Fatalf("%d rows are left, want 900", n)
			}
			_, err := test.refused(f.Service, t.Context(), admin, i.ID)
			wantCode(t, err, account.CodeImportState)
			for range 2 { // a repeat does no harm
				if i, err = test.end(f.Service, t.Context(), admin, i.ID); err != nil || i.State != test.state {
					t.Fatalf("%+v, %v", i, err)
				}
			}
			f.wantImported("after it", test.all, test.active)
			_, err = test.refused(f.Service, t.Context(), admin, i.ID)
			wantCode(t, err, account.CodeImportState)
		})
	}
}

// An import belongs to its maker; administrators see all.
func TestImportBelongsToItsMaker(t *testing.T) {
	f := newFixture(t)
	maker := f.role(access.Permission{Entity: access.EntityUser, Action: access.ActionCreate, Scope: access.ScopeAll})
	for _, name := range []string{"ann", "bob"} {
		f.user(name+"@example.org", maker)
	}
	f.user("cy@example.org")
	ann, bob := f.as("ann@example.org"), f.as("bob@example.org")
	i := f.begin(ann, false)
	f.add(ann, i.ID, 1, rowsOf(1, 1)...)
	for _, caller := range []struct {
		*account.Principal
		want account.Code
	}{{bob, account.CodeNotFound}, {f.as("cy@example.org"), account.CodeForbidden}} {
		_, err := f.Import(t.Context(), caller.Principal, i.ID)
		wantCode(t, err, caller.want)
		_, _, err = f.AddImportRows(t.Context(), caller.Principal, i.ID, 2, rowsOf(2, 2))
		wantCode(t, err, caller.want)
		_, err = f.FinishImport(t.Context(), caller.Principal, i.ID)
		wantCode(t, err, caller.want)
		_, err = f.UndoImport(t.Context(), caller.Principal, i.ID)
		wantCode(t, err, caller.want)
	}
	_, err := f.Import(t.Context(), ann, i.ID+1)
	wantCode(t, err, account.CodeNotFound)
	if seen, err := f.UndoImport(t.Context(), f.as(adminEmail), i.ID); err != nil || seen.UserID != ann.User.ID {
		t.Errorf("the administrator: %+v, %v", seen, err)
	}
}

// Finishing an import activates nobody who has come to more than the caller has.
func TestImportIsNoWayUp(t *testing.T) {
	f := newFixture(t)
	f.user("maker@example.org", f.role(access.Permission{Entity: access.EntityUser, Action: access.ActionCreate, Scope: access.ScopeAll}))
	maker, admin := f.as("maker@example.org"), f.as(adminEmail)
	i := f.begin(maker, false)
	f.add(maker, i.ID, 1, rowsOf(1, 2)...)
	id := f.userID("user1@example.net")
	if _, err := f.SetUserRoles(t.Context(), admin, id, []int64{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.FinishImport(t.Context(), maker, i.ID); err != nil {
		t.Fatal(err)
	}
	f.wantImported("after it", 2, 1)
	if f.find(id).Active {
		t.Error("the maker knows the password of an administrator now")
	}
}

func TestSweepImports(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	idle, open := f.begin(admin, false), f.begin(admin, false)
	f.add(admin, idle.ID, 1, rowsOf(1, 600)...)
	finished := f.begin(admin, true)
	if _, err := f.FinishImport(t.Context(), admin, finished.ID); err != nil {
		t.Fatal(err)
	}
	state := func(id int64) account.ImportState {
		i, err := f.store.under.Import(t.Context(), id)
		if errors.Is(err, account.ErrNotFound) {
			return "gone"
		}
		return i.State
	}
	sweep := func(advance time.Duration, want ...account.ImportState) {
		t.Helper()
		f.clock.advance(advance)
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n, id := range []int64{idle.ID, open.ID, finished.ID} {
			if got := state(id); got != want[n] {
				t.Errorf("after %v import %d is %s, want %s", advance, id, got, want[n])
			}
		}
	}
	f.clock.advance(24 * time.Hour)
	f.add(f.as(adminEmail), open.ID, 1, rowsOf(601, 602)...)
	sweep(6*24*time.Hour, account.ImportOpen, account.ImportOpen, account.ImportFinished)
	f.wantImported("before the seventh day ends", 602, 0)
	sweep(time.Microsecond, account.ImportUndone, account.ImportOpen, account.ImportFinished)
	f.wantImported("after it", 2, 0)
	sweep(23*24*time.Hour, "gone", account.ImportUndone, "gone")
}
