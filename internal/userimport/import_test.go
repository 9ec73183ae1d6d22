package userimport_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

// imported returns how many users there are but for those of the fixture, and how
// many of them are active.
func countImported(f *servicetest.Fixture) (all, active int) {
	f.T.Helper()
	for _, u := range f.ListedUsers() {
		if strings.HasSuffix(u.Email, "@example.net") {
			all++
			if u.Active {
				active++
			}
		}
	}
	return all, active
}

func wantImported(f *servicetest.Fixture, when string, all, active int) {
	f.T.Helper()
	if a, b := countImported(f); a != all || b != active {
		f.T.Errorf("%s: %d users, %d of them active; want %d and %d", when, a, b, all, active)
	}
}

func TestImport(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRow("hash@example.net"),
		account.ImportUser{Name: "P", Email: "password@example.net", Active: true,
			Password: new(secret.New(servicetest.NextPassword))},
		account.ImportUser{Name: "I", Email: "invited@example.net", Active: true, Surname: new("S")})
	i = f.AddRows(admin, i.ID, 4, account.ImportUser{Name: "N", Email: "inactive@example.net"})
	if i.Rows != 4 || i.State != account.ImportOpen {
		t.Errorf("the import is %+v", i)
	}
	wantImported(f, "before the end", 4, 0)
	if _, err := f.SignInFrom("hash@example.net", servicetest.Password,
		servicetest.Home); account.ErrorCode(err) != account.CodeInvalidCredentials {
		t.Errorf("a sign-in before the end: %v", err)
	}
	i, err := f.FinishImport(t.Context(), admin, i.ID)
	if err != nil || i.State != account.ImportFinished || i.Rows != 4 || i.Finished.IsZero() {
		t.Fatalf("the import is %+v, %v", i, err)
	}
	wantImported(f, "at the end", 4, 3)
	f.NewSessionWith("password@example.net", servicetest.NextPassword)
	d := f.ClaimNext()
	if d == nil || d.Message.To != "invited@example.net" || f.ClaimNext() != nil {
		t.Fatalf("the first message is %+v, want one to the invited user alone", d)
	}
	if err := f.RecoverWith(servicetest.TokenIn(d), servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	f.NewSessionWith("invited@example.net", servicetest.NextPassword)
	if u := f.StoredUser(f.UserID("invited@example.net")); u.Surname == nil || *u.Surname != "S" ||
		u.NeedPasswordReset || fmt.Sprint(u.RoleIDs) != "[2]" {
		t.Errorf("the invited user is %+v", u)
	}
	f.WantNotStored(servicetest.NextPassword, servicetest.TokenIn(d))
}

// A hash from elsewhere becomes one of our own at the first sign-in.
func TestImportedHashIsReplaced(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRow("ann@example.net"))
	if _, err := f.FinishImport(t.Context(), admin, i.ID); err != nil {
		t.Fatal(err)
	}
	key, _ := account.ParseEmail("ann@example.net")
	hash := func() string { return servicetest.Must(f.Store.Inner.CredentialByEmail(t.Context(), key)).PasswordHash }
	if hash() != servicetest.BcryptHash {
		t.Errorf("the hash is %s", hash())
	}
	_, err := f.SignInFrom("ann@example.net", servicetest.WrongPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.NewSession("ann@example.net")
	if !strings.HasPrefix(hash(), "$argon2id$") {
		t.Errorf("the hash is %s still", hash())
	}
	f.NewSession("ann@example.net")
}

func TestDryRun(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("taken@example.org")
	admin := f.Admin()
	i := f.StartImport(admin, true)
	hashed := f.Pool.HashCount()
	_, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 1, []account.ImportUser{
		servicetest.ImportRow("ann@example.net"),
		{Name: " ", Email: "rubbish", Password: new(secret.New("short")), Surname: new(strings.Repeat("x", 257)),
			Biography: new("a\x00")},
		{Name: "B", Email: "Taken@Example.org"},
		{Name: "C", Email: "ANN@example.net", PasswordHash: new(secret.New("5f4dcc3b5aa765d61d8327deb882cf99"))},
		{Name: "D", Email: "d@example.net", Password: new(secret.New(servicetest.Password)),
			PasswordHash: new(secret.New(servicetest.BcryptHash))},
	})
	if err != nil {
		t.Fatal(err)
	}
	i, more, err := f.AddImportRows(t.Context(), admin, i.ID, 6,
		[]account.ImportUser{servicetest.ImportRow("ann@EXAMPLE.net"), servicetest.ImportRow("e@example.net")})
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
	if f.Pool.HashCount() != hashed {
		t.Error("it hashed passwords for nothing")
	}
	wantImported(f, "at the end", 0, 0)
	if n := remainingRows(f, i.ID); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// importRows returns how many rows an import still has.
func remainingRows(f *servicetest.Fixture, id int64) (n int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx account.Tx) error {
		rows, err := tx.ImportRows(ctx, id, 100_000)
		n = len(rows)
		return err
	})
	return n
}

// Rows that are there are skipped, whole batches and parts; none may be missing.
func TestImportRepeats(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 5)...)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 5)...)
	f.AddRows(admin, i.ID, 2, servicetest.ImportRows(2, 3)...)
	if i = f.AddRows(admin, i.ID, 4, servicetest.ImportRows(4, 8)...); i.Rows != 8 {
		t.Errorf("%d rows, want 8", i.Rows)
	}
	for _, first := range []int{0, 10, -1} {
		_, _, err := f.AddImportRows(t.Context(), admin, i.ID, first, servicetest.ImportRows(9, 9))
		servicetest.WantPaths(t, err, account.CodeInvalid, "/first")
	}
	_, _, err := f.AddImportRows(t.Context(), admin, i.ID, 9, nil)
	servicetest.WantPaths(t, err, account.CodeInvalid, "/users")
	_, _, err = f.AddImportRows(t.Context(), admin, i.ID, 9, make([]account.ImportUser, userimport.MaxImportRows+1))
	servicetest.WantCode(t, err, account.CodeTooLarge)
	wantImported(f, "after all", 8, 0)
}

// The same rows, sent many times at once, are taken once.
func TestParallelImportRows(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	errs := servicetest.Parallel(8, func(n int) error {
		_, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 1, servicetest.ImportRows(1, 20+n))
		if len(faults) > 0 {
			return fmt.Errorf("faults %v", faults)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	wantImported(f, "after all", 27, 0)
}

// A fault undoes what the batches before it have made, and nothing else.
func TestImportFaultUndoesAll(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("bystander@example.org")
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 700)...)
	i, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 701,
		[]account.ImportUser{servicetest.ImportRow("good@example.net"), servicetest.ImportRow("bystander@example.org"),
			servicetest.ImportRow("user7@example.net")})
	if err != nil || i.State != account.ImportUndone || i.Faults != 2 {
		t.Fatalf("the import is %+v, %v", i, err)
	}
	if len(faults) != 2 || faults[0].Row != 702 || faults[0].Path != "/email" ||
		faults[1].Message != "is the same address as that of row 7" {
		t.Errorf("the faults are %+v", faults)
	}
	wantImported(f, "after the fault", 0, 0)
	f.StoredUser(f.UserID("bystander@example.org"))
	_, err = f.FinishImport(t.Context(), admin, i.ID)
	servicetest.WantCode(t, err, account.CodeImportState)
	_, _, err = f.AddImportRows(t.Context(), admin, i.ID, 701, servicetest.ImportRows(701, 701))
	servicetest.WantCode(t, err, account.CodeImportState)
}

// Somebody may take an address between the check of a batch and its transaction.
func TestImportAddressTakenInBetween(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 3)...)
	taken := false
	f.Store.OnCall(func(name string) {
		if name == "TakenEmails" && !taken {
			taken = true
			f.AddUser("user5@example.net")
		}
	})
	i, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 4,
		append(servicetest.ImportRows(5, 5), servicetest.ImportRows(4, 4)...))
	f.Store.OnCall(func(string) {})
	if err != nil || i.State != account.ImportUndone || len(faults) != 1 || faults[0].Row != 4 {
		t.Fatalf("%+v, faults %v, %v", i, faults, err)
	}
	wantImported(f, "after it", 1, 1) // the one who was faster
}

// Where each row takes long, a transaction finishes or undoes few, and the import
// ends all the same.
func TestImportRoundTrips(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	var passed atomic.Int64
	far := f.With(func(o *service.Options) {
		o.Monotonic = func() time.Time { return servicetest.Start.Add(time.Duration(passed.Add(1)) * 2 * time.Second) }
	})
	finished, undone := f.StartImport(admin, false), f.StartImport(admin, false)
	f.AddRows(admin, finished.ID, 1, servicetest.ImportRows(1, 4)...)
	f.AddRows(admin, undone.ID, 1, servicetest.ImportRows(5, 9)...)
	calls := f.Store.CallsDuring(func() { finished = servicetest.Must(far.FinishImport(t.Context(), admin, finished.ID)) })
	if finished.State != account.ImportFinished || calls["Write"] != 4 {
		t.Errorf("finishing: %+v, by %v", finished, calls)
	}
	calls = f.Store.CallsDuring(func() { undone = servicetest.Must(far.UndoImport(t.Context(), admin, undone.ID)) })
	if undone.State != account.ImportUndone || calls["Write"] != 5 {
		t.Errorf("undoing: %+v, by %v", undone, calls)
	}
	wantImported(f, "after both", 4, 4)
}

func TestUndoImport(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 6)...)
	if err := f.DeleteUser(t.Context(), admin, f.UserID("user1@example.net")); err != nil {
		t.Fatal(err)
	}
	if err := f.UpdateUserAsAdmin(f.UserID("user2@example.net"), account.UserUpdate{Active: new(true)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a repeat does no harm
		i, err := f.UndoImport(t.Context(), admin, i.ID)
		if err != nil || i.State != account.ImportUndone {
			t.Fatalf("%+v, %v", i, err)
		}
	}
	wantImported(f, "after it", 1, 1) // the one that somebody has activated
}

// A crash in the middle of finishing or undoing loses and doubles nothing.
func TestImportContinuesAfterCrash(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(s *service.Service, ctx context.Context, caller *account.Principal,
			id int64) (account.Import, error)
		state   account.ImportState
		refused func(s *service.Service, ctx context.Context, caller *account.Principal,
			id int64) (account.Import, error)
		all, active, remaining int
	}{
		{"finish", (*service.Service).FinishImport, account.ImportFinished, (*service.Service).UndoImport, 1300, 1300, 1300},
		{"undo", (*service.Service).UndoImport, account.ImportUndone, (*service.Service).FinishImport, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.New(t)
			admin := f.Admin()
			i := f.StartImport(admin, false)
			f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 1000)...)
			f.AddRows(admin, i.ID, 1001, servicetest.ImportRows(1001, 1300)...)
			writes := 0
			f.Store.OnCall(func(name string) {
				if name == "Write" {
					if writes++; writes == 3 {
						f.Store.Down.Store(true)
					}
				}
			})
			if _, err := test.end(f.Service, t.Context(), admin, i.ID); !errors.Is(err, servicetest.ErrDown) {
				t.Fatalf("it did not crash: %v", err)
			}
			f.Store.OnCall(func(string) {})
			f.Store.Down.Store(false)
			if n := remainingRows(f, i.ID); n != 900 { // two transactions of 200
				t.Fatalf("%d rows are left, want 900", n)
			}
			_, err := test.refused(f.Service, t.Context(), admin, i.ID)
			servicetest.WantCode(t, err, account.CodeImportState)
			for range 2 { // a repeat does no harm
				if i, err = test.end(f.Service, t.Context(), admin, i.ID); err != nil || i.State != test.state {
					t.Fatalf("%+v, %v", i, err)
				}
			}
			wantImported(f, "after it", test.all, test.active)
			_, err = test.refused(f.Service, t.Context(), admin, i.ID)
			servicetest.WantCode(t, err, account.CodeImportState)
		})
	}
}

// An import belongs to its maker; administrators see all.
func TestImportBelongsToItsCreator(t *testing.T) {
	f := servicetest.New(t)
	maker := f.AddRole(servicetest.Permit("user:create"))
	for _, name := range []string{"ann", "bob"} {
		f.AddUser(name+"@example.org", maker)
	}
	f.AddUser("cy@example.org")
	ann, bob := f.As("ann@example.org"), f.As("bob@example.org")
	i := f.StartImport(ann, false)
	f.AddRows(ann, i.ID, 1, servicetest.ImportRows(1, 1)...)
	for _, caller := range []struct {
		*account.Principal
		want account.Code
	}{{bob, account.CodeNotFound}, {f.As("cy@example.org"), account.CodeForbidden}} {
		_, err := f.Import(t.Context(), caller.Principal, i.ID)
		servicetest.WantCode(t, err, caller.want)
		_, _, err = f.AddImportRows(t.Context(), caller.Principal, i.ID, 2, servicetest.ImportRows(2, 2))
		servicetest.WantCode(t, err, caller.want)
		_, err = f.FinishImport(t.Context(), caller.Principal, i.ID)
		servicetest.WantCode(t, err, caller.want)
		_, err = f.UndoImport(t.Context(), caller.Principal, i.ID)
		servicetest.WantCode(t, err, caller.want)
	}
	_, err := f.Import(t.Context(), ann, i.ID+1)
	servicetest.WantCode(t, err, account.CodeNotFound)
	if seen, err := f.UndoImport(t.Context(), f.Admin(), i.ID); err != nil || seen.UserID != ann.User.ID {
		t.Errorf("the administrator: %+v, %v", seen, err)
	}
}

// Finishing an import activates nobody who has come to more than the caller has.
func TestImportDoesNotEscalate(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("maker@example.org",
		f.AddRole(servicetest.Permit("user:create")))
	maker, admin := f.As("maker@example.org"), f.Admin()
	i := f.StartImport(maker, false)
	f.AddRows(maker, i.ID, 1, servicetest.ImportRows(1, 2)...)
	id := f.UserID("user1@example.net")
	if _, err := f.SetUserRoles(t.Context(), admin, id, []int64{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.FinishImport(t.Context(), maker, i.ID); err != nil {
		t.Fatal(err)
	}
	wantImported(f, "after it", 2, 1)
	if f.StoredUser(id).Active {
		t.Error("the maker knows the password of an administrator now")
	}
}

func TestSweepImports(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	idle, open := f.StartImport(admin, false), f.StartImport(admin, false)
	f.AddRows(admin, idle.ID, 1, servicetest.ImportRows(1, 600)...)
	finished := f.StartImport(admin, true)
	if _, err := f.FinishImport(t.Context(), admin, finished.ID); err != nil {
		t.Fatal(err)
	}
	state := func(id int64) account.ImportState {
		i, err := f.Store.Inner.Import(t.Context(), id)
		if errors.Is(err, account.ErrNotFound) {
			return "gone"
		}
		return i.State
	}
	sweep := func(advance time.Duration, want ...account.ImportState) {
		t.Helper()
		f.Clock.Advance(advance)
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n, id := range []int64{idle.ID, open.ID, finished.ID} {
			if got := state(id); got != want[n] {
				t.Errorf("after %v import %d is %s, want %s", advance, id, got, want[n])
			}
		}
	}
	f.Clock.Advance(24 * time.Hour)
	f.AddRows(f.Admin(), open.ID, 1, servicetest.ImportRows(601, 602)...)
	sweep(6*24*time.Hour, account.ImportOpen, account.ImportOpen, account.ImportFinished)
	wantImported(f, "before the seventh day ends", 602, 0)
	sweep(time.Microsecond, account.ImportUndone, account.ImportOpen, account.ImportFinished)
	wantImported(f, "after it", 2, 0)
	sweep(23*24*time.Hour, "gone", account.ImportUndone, "gone")
}
