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

// countImported returns the number of imported users, and how many of them are active.
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

// wantImported checks the results of [countImported].
func wantImported(f *servicetest.Fixture, when string, all, active int) {
	f.T.Helper()
	if gotAll, gotActive := countImported(f); gotAll != all || gotActive != active {
		f.T.Errorf("%s: %d users, %d of them active; want %d and %d", when, gotAll, gotActive, all, active)
	}
}

func TestImport(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRow("hash@example.net"),
		account.ImportUser{
			Profile: account.Profile{Name: "P"},
			Email:   "password@example.net", Active: true, Password: new(secret.New(servicetest.NextPassword)),
		},
		account.ImportUser{
			Profile: account.Profile{Name: "I", Surname: new("S")}, Email: "invited@example.net", Active: true,
		},
	)
	i = f.AddRows(admin, i.ID, 4, account.ImportUser{Profile: account.Profile{Name: "N"}, Email: "inactive@example.net"})
	if i.Rows != 4 || i.State != account.ImportOpen {
		t.Errorf("the import is %+v", i)
	}
	wantImported(f, "before the end", 4, 0)
	_, err := f.SignInFrom("hash@example.net", servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	i, err = f.FinishImport(t.Context(), admin, i.ID)
	if err != nil || i.State != account.ImportFinished || i.Rows != 4 || i.Finished.IsZero() {
		t.Fatalf("the import is %+v, %v", i, err)
	}
	wantImported(f, "at the end", 4, 3)
	f.NewSessionWith("password@example.net", servicetest.NextPassword)
	d := f.ClaimNext()
	if d == nil || d.Message.To != "invited@example.net" || f.ClaimNext() != nil {
		t.Fatalf("the first message is %+v, want a single one to the invited user", d)
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

// The first sign-in replaces an imported password hash by an argon2id hash.
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
		t.Errorf("the hash is still %s", hash())
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
		{
			Profile: account.Profile{Name: " ", Surname: new(strings.Repeat("x", 257)), Biography: new("a\x00")},
			Email:   "rubbish", Password: new(secret.New("short")),
		},
		{Profile: account.Profile{Name: "B"}, Email: "Taken@Example.org"},
		{Profile: account.Profile{
			Name: "C",
		}, Email: "ANN@example.net", PasswordHash: new(secret.New("5f4dcc3b5aa765d61d8327deb882cf99"))},
		{
			Profile: account.Profile{Name: "D"}, Email: "d@example.net", Password: new(secret.New(servicetest.Password)),
			PasswordHash: new(secret.New(servicetest.BcryptHash)),
		},
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
		t.Errorf("the message is %q, want it to name the earlier row", m)
	}
	if i, err = f.FinishImport(t.Context(), admin, i.ID); err != nil || i.State != account.ImportFinished {
		t.Fatalf("the import is %+v, %v", i, err)
	}
	if f.Pool.HashCount() != hashed {
		t.Error("the dry run hashed passwords")
	}
	wantImported(f, "at the end", 0, 0)
	if n := remainingRows(f, i.ID); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// remainingRows returns the number of rows that the import still stores.
func remainingRows(f *servicetest.Fixture, id int64) (n int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		rows, err := tx.ImportRows(ctx, id, 100_000)
		n = len(rows)
		return err
	})
	return n
}

// Rows that the import already has are skipped, even if the request has new rows too. A request
// that leaves a gap between the row numbers fails.
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

// When many concurrent requests send the same rows, each row is imported once.
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

// An invalid row undoes the users of earlier batches, but no user from outside the import.
func TestImportFaultUndoesAll(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("bystander@example.org")
	admin := f.Admin()
	i := f.StartImport(admin, false)
	f.AddRows(admin, i.ID, 1, servicetest.ImportRows(1, 700)...)
	i, faults, err := f.AddImportRows(t.Context(), admin, i.ID, 701, []account.ImportUser{
		servicetest.ImportRow("good@example.net"), servicetest.ImportRow("bystander@example.org"),
		servicetest.ImportRow("user7@example.net"),
	})
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

// A row is invalid if another user takes its address after the check, but before the transaction.
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
	wantImported(f, "after the fault", 1, 1) // the user who took the address exists
}

// When each row takes long, a transaction processes few rows, and the import is still completed.
func TestImportRoundTrips(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	var readings atomic.Int64
	slow := f.With(func(o *service.Options) {
		o.Monotonic = func() time.Time {
			return servicetest.Start.Add(time.Duration(readings.Add(1)) * 2 * time.Second)
		}
	})
	finished, undone := f.StartImport(admin, false), f.StartImport(admin, false)
	f.AddRows(admin, finished.ID, 1, servicetest.ImportRows(1, 4)...)
	f.AddRows(admin, undone.ID, 1, servicetest.ImportRows(5, 9)...)
	calls := f.Store.CallsDuring(func() {
		finished = servicetest.Must(slow.FinishImport(t.Context(), admin, finished.ID))
	})
	if finished.State != account.ImportFinished || calls["Write"] != 4 {
		t.Errorf("the finished import is %+v, the store calls are %v", finished, calls)
	}
	calls = f.Store.CallsDuring(func() { undone = servicetest.Must(slow.UndoImport(t.Context(), admin, undone.ID)) })
	if undone.State != account.ImportUndone || calls["Write"] != 5 {
		t.Errorf("the undone import is %+v, the store calls are %v", undone, calls)
	}
	wantImported(f, "after both", 4, 4)
}

// An import is visible only to the user who began it and to administrators.
func TestImportBelongsToItsCreator(t *testing.T) {
	f := servicetest.New(t)
	creator := f.AddRole(servicetest.Permit("user:create"))
	for _, name := range []string{"ann", "bob"} {
		f.AddUser(name+"@example.org", creator)
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
	if undone, err := f.UndoImport(t.Context(), f.Admin(), i.ID); err != nil || undone.UserID != ann.User.ID {
		t.Errorf("undo by the administrator: %+v, %v", undone, err)
	}
}

// FinishImport does not activate a user who has since gained permissions that the caller lacks.
func TestImportDoesNotEscalate(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("creator@example.org", f.AddRole(servicetest.Permit("user:create")))
	creator, admin := f.As("creator@example.org"), f.Admin()
	i := f.StartImport(creator, false)
	f.AddRows(creator, i.ID, 1, servicetest.ImportRows(1, 2)...)
	id := f.UserID("user1@example.net")
	if _, err := f.SetUserRoles(t.Context(), admin, id, []int64{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.FinishImport(t.Context(), creator, i.ID); err != nil {
		t.Fatal(err)
	}
	wantImported(f, "at the end", 2, 1)
	if f.StoredUser(id).Active {
		t.Error("the creator now knows the password of an active administrator")
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
			return "deleted"
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
	wantImported(f, "after the seventh day", 2, 0)
	sweep(23*24*time.Hour, "deleted", account.ImportUndone, "deleted")
}
