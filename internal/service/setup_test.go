package service_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func keyChecks(f *servicetest.Fixture) []keyring.Check {
	f.T.Helper()
	return servicetest.Must(f.Store.Inner.KeyChecks(f.T.Context()))
}

func TestSetUp(t *testing.T) {
	f := servicetest.NewBlank(t)
	created, err := f.SetUp(t.Context(), servicetest.FirstRun())
	if err != nil || !created {
		t.Fatalf("SetUp = %v, %v", created, err)
	}
	in := f.NewSession(servicetest.AdminEmail)
	if u := f.StoredUser(1); in.NeedPasswordReset || u.Email != servicetest.AdminEmail || !u.Active ||
		len(u.RoleIDs) != 1 || u.RoleIDs[0] != 1 {
		t.Errorf("the administrator is %+v", u)
	}
	created, err = f.SetUp(t.Context(), service.FirstRun{AdminEmail: "other@example.org",
		AdminPassword: secret.New(servicetest.NextPassword)})
	if err != nil || created {
		t.Errorf("the second SetUp = %v, %v", created, err)
	}
	f.NewSession(servicetest.AdminEmail)
	if n := len(f.ListedUsers()); n != 1 {
		t.Errorf("there are %d users", n)
	}
}

func TestSetUpGeneratesPassword(t *testing.T) {
	f := servicetest.NewBlank(t)
	var saved []secret.Text // more than once, when the transaction runs again
	created, err := f.SetUp(t.Context(), service.FirstRun{AdminEmail: "admin@localhost",
		SavePassword: func(p secret.Text) error {
			if !slices.ContainsFunc(saved, p.Equal) {
				saved = append(saved, p)
			}
			return nil
		}})
	if err != nil || !created || len(saved) != 1 {
		t.Fatalf("SetUp = %v, %v; %d passwords were saved", created, err, len(saved))
	}
	if fault := account.CheckNewPassword(saved[0]); fault != "" || len(saved[0].Reveal()) != 23 {
		t.Errorf("the password has %d characters and %q", len(saved[0].Reveal()), fault)
	}
	if in := f.NewSessionWith("admin@localhost", saved[0].Reveal()); !in.NeedPasswordReset {
		t.Error("it need not be changed")
	}
}

func TestSetUpFails(t *testing.T) {
	t.Parallel()
	unsaved := errors.New("the disk is full")
	tests := []struct {
		name  string
		first service.FirstRun
		check func(t *testing.T, err error)
	}{
		{"weak password", service.FirstRun{AdminEmail: servicetest.AdminEmail, AdminPassword: secret.New("weak")},
			func(t *testing.T, err error) {
				servicetest.WantPaths(t, err, account.CodeInvalid, "/admin/password")
			}},
		{"no address", service.FirstRun{AdminPassword: secret.New(servicetest.Password)}, func(t *testing.T, err error) {
			servicetest.WantPaths(t, err, account.CodeInvalid, "/admin/email")
		}},
		{"password not saved", service.FirstRun{AdminEmail: servicetest.AdminEmail,
			SavePassword: func(secret.Text) error { return unsaved }}, func(t *testing.T, err error) {
			if !errors.Is(err, unsaved) {
				t.Errorf("the failure is %v", err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.NewBlank(t)
			created, err := f.SetUp(t.Context(), test.first)
			if created {
				t.Error("it says that the database was new")
			}
			test.check(t, err)
			if n := len(keyChecks(f)); n > 0 {
				t.Errorf("it left %d key checks", n)
			}
			created, err = f.SetUp(t.Context(), servicetest.FirstRun())
			if err != nil || !created {
				t.Fatalf("the next SetUp = %v, %v", created, err)
			}
			if n := len(f.ListedUsers()); n != 1 {
				t.Errorf("there are %d users", n)
			}
		})
	}
}

// However many processes begin at once, one of them sets up.
func TestParallelSetUps(t *testing.T) {
	t.Parallel()
	for name, stores := range map[string]int{"one store": 1, "a store each": 10} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.NewBlank(t)
			services := make([]*service.Service, 10)
			opened := []account.Store{f.Store.Inner}
			for len(opened) < stores {
				opened = append(opened, f.Database.Open())
			}
			for i := range services {
				services[i] = f.With(func(o *service.Options) { o.Store = opened[i%stores] })
			}
			var mu sync.Mutex
			news := 0
			for _, err := range servicetest.Parallel(10, func(i int) error {
				created, err := services[i].SetUp(t.Context(), servicetest.FirstRun())
				if created {
					mu.Lock()
					news++
					mu.Unlock()
				}
				return err
			}) {
				if err != nil {
					t.Error(err)
				}
			}
			if news != 1 || len(f.ListedUsers()) != 1 || len(keyChecks(f)) != 1 {
				t.Errorf("%d set up; there are %d users and %d key checks", news, len(f.ListedUsers()), len(keyChecks(f)))
			}
		})
	}
}

// A transaction that the engine asks for again, after another process was
// faster, sets up nothing and says so.
func TestSetUpRunsAgain(t *testing.T) {
	f := servicetest.NewBlank(t)
	between := f.With(func(o *service.Options) { o.Store = f.Store.Inner })
	f.Store.Between = func() {
		if _, err := between.SetUp(t.Context(), servicetest.FirstRun()); err != nil {
			t.Error(err)
		}
	}
	created, err := f.SetUp(t.Context(), service.FirstRun{AdminEmail: "other@example.org",
		AdminPassword: secret.New(servicetest.NextPassword)})
	if err != nil || created {
		t.Errorf("SetUp = %v, %v", created, err)
	}
	f.Store.Between = nil
	if n := len(f.ListedUsers()); n != 1 {
		t.Errorf("there are %d users", n)
	}
}

func TestWrongKey(t *testing.T) {
	f := servicetest.New(t)
	s := f.With(func(o *service.Options) { o.Keys = servicetest.NewRing() })
	calls := f.Store.CallsDuring(func() {
		created, err := s.SetUp(t.Context(), servicetest.FirstRun())
		if created || !errors.Is(err, service.ErrWrongKey) {
			t.Errorf("SetUp = %v, %v", created, err)
		}
	})
	if calls["Write"] > 0 || len(keyChecks(f)) != 1 {
		t.Error("it has written with the wrong key")
	}
}

// A new key goes in front of the old one, which must stay while anything is
// sealed with it.
func TestNewKey(t *testing.T) {
	f := servicetest.NewBlank(t)
	old, fresh := servicetest.Must(keyring.Generate(rand.Reader)), servicetest.Must(keyring.Generate(rand.Reader))
	start := func(keys string) error {
		s := f.With(func(o *service.Options) { o.Keys = servicetest.Must(keyring.Parse(keys)) })
		_, err := s.SetUp(t.Context(), servicetest.FirstRun())
		return err
	}
	if err := start(old); err != nil {
		t.Fatal(err)
	}
	for _, err := range servicetest.Parallel(4, func(int) error { return start(fresh + old) }) {
		if err != nil {
			t.Errorf("a start with a new key: %v", err)
		}
	}
	if n := len(keyChecks(f)); n != 2 {
		t.Errorf("there are %d key checks", n)
	}
	for _, alone := range []string{old, fresh} {
		if err := start(alone); !errors.Is(err, service.ErrWrongKey) {
			t.Errorf("one of two keys alone: %v", err)
		}
	}
}

// Two processes that begin with the same new key note it once.
func TestNewKeyRace(t *testing.T) {
	f := servicetest.NewBlank(t)
	old, fresh := servicetest.Must(keyring.Generate(rand.Reader)), servicetest.Must(keyring.Generate(rand.Reader))
	with := func(keys string) *service.Service {
		return f.With(func(o *service.Options) { o.Keys = servicetest.Must(keyring.Parse(keys)) })
	}
	servicetest.Must(with(old).SetUp(t.Context(), servicetest.FirstRun()))
	reads := 0
	f.Store.OnCall(func(name string) {
		if name != "KeyChecks" {
			return
		}
		if reads++; reads == 2 { // it has seen that the key is new, and is about to note it
			f.Store.OnCall(func(string) {})
			f.TryWriteStore(func(ctx context.Context, tx account.Tx) error {
				return tx.InsertKeyCheck(ctx, servicetest.Must(keyring.Parse(fresh)).Checks()[0], f.Clock.Now())
			})
		}
	})
	if _, err := with(fresh+old).SetUp(t.Context(), servicetest.FirstRun()); err != nil {
		t.Error(err)
	}
	if n := len(keyChecks(f)); n != 2 {
		t.Errorf("there are %d key checks", n)
	}
}
