package service_test

import (
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

// serverKeys returns the server keys in the database.
func serverKeys(f *servicetest.Fixture) []keyring.StoredKey {
	f.T.Helper()
	return servicetest.Must(f.Store.Inner.ServerKeys(f.T.Context()))
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
	other := service.FirstRun{AdminEmail: "other@example.org", AdminPassword: secret.New(servicetest.NextPassword)}
	created, err = f.SetUp(t.Context(), other)
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
	var saved []secret.Text // generated passwords, without repetitions when the transaction runs again
	created, err := f.SetUp(t.Context(), service.FirstRun{
		AdminEmail: "admin@localhost",
		SavePassword: func(p secret.Text) error {
			if !slices.ContainsFunc(saved, p.Equal) {
				saved = append(saved, p)
			}
			return nil
		},
	})
	if err != nil || !created || len(saved) != 1 {
		t.Fatalf("SetUp = %v, %v; %d passwords were saved", created, err, len(saved))
	}
	if fault := account.CheckNewPassword(saved[0]); fault != "" || len(saved[0].Reveal()) != 23 {
		t.Errorf("the password has %d characters and %q", len(saved[0].Reveal()), fault)
	}
	if in := f.NewSessionWith("admin@localhost", saved[0].Reveal()); !in.NeedPasswordReset {
		t.Error("NeedPasswordReset is not set")
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
		{
			name:  "weak password",
			first: service.FirstRun{AdminEmail: servicetest.AdminEmail, AdminPassword: secret.New("weak")},
			check: func(t *testing.T, err error) {
				servicetest.WantPaths(t, err, account.CodeInvalid, "/admin/password")
			},
		},
		{
			name:  "no address",
			first: service.FirstRun{AdminPassword: secret.New(servicetest.Password)},
			check: func(t *testing.T, err error) {
				servicetest.WantPaths(t, err, account.CodeInvalid, "/admin/email")
			},
		},
		{
			name: "password not saved",
			first: service.FirstRun{
				AdminEmail: servicetest.AdminEmail, SavePassword: func(secret.Text) error { return unsaved },
			},
			check: func(t *testing.T, err error) {
				if !errors.Is(err, unsaved) {
					t.Errorf("the error is %v, want %v", err, unsaved)
				}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.NewBlank(t)
			created, err := f.SetUp(t.Context(), test.first)
			if created {
				t.Error("the failed SetUp reports that it created the administrator")
			}
			test.check(t, err)
			if n := len(serverKeys(f)); n > 0 {
				t.Errorf("the failed SetUp left %d server keys", n)
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

// When several processes start concurrently on a new database, one of them sets it up.
func TestParallelSetUps(t *testing.T) {
	t.Parallel()
	for name, stores := range map[string]int{"one store": 1, "a store each": 10} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.NewBlank(t)
			services := make([]*service.Service, 10)
			open := []*account.Store{f.Store.Inner}
			for len(open) < stores {
				open = append(open, f.Database.Open().Store)
			}
			for i := range services {
				services[i] = f.With(func(o *service.Options) { o.Store = open[i%stores] })
			}
			var mu sync.Mutex
			setUps := 0
			for _, err := range servicetest.Parallel(10, func(i int) error {
				created, err := services[i].SetUp(t.Context(), servicetest.FirstRun())
				if created {
					mu.Lock()
					setUps++
					mu.Unlock()
				}
				return err
			}) {
				if err != nil {
					t.Error(err)
				}
			}
			users, checks := len(f.ListedUsers()), len(serverKeys(f))
			if setUps != 1 || users != 1 || checks != 1 {
				t.Errorf("%d processes set up; there are %d users and %d server keys", setUps, users, checks)
			}
		})
	}
}

// The engine runs the transaction of SetUp a second time, after another process has set up the
// database. SetUp then changes nothing and reports false.
func TestSetUpRunsAgain(t *testing.T) {
	f := servicetest.NewBlank(t)
	between := f.With(func(o *service.Options) { o.Store = f.Store.Inner })
	f.Store.Between = func() {
		if _, err := between.SetUp(t.Context(), servicetest.FirstRun()); err != nil {
			t.Error(err)
		}
	}
	other := service.FirstRun{AdminEmail: "other@example.org", AdminPassword: secret.New(servicetest.NextPassword)}
	created, err := f.SetUp(t.Context(), other)
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
	if calls["Write"] > 0 || len(serverKeys(f)) != 1 {
		t.Error("SetUp wrote to the database with the wrong key")
	}
}

// A key that only the ring has changes nothing: a server that starts with it seals with the key of
// the database. Without that key, no server starts.
func TestNewKey(t *testing.T) {
	f := servicetest.NewBlank(t)
	old, fresh := servicetest.Must(keyring.Generate(rand.Reader)), servicetest.Must(keyring.Generate(rand.Reader))
	start := func(keys string) (*service.Service, error) {
		s := f.With(func(o *service.Options) { o.Keys = servicetest.Must(keyring.Parse(keys)) })
		_, err := s.SetUp(t.Context(), servicetest.FirstRun())
		return s, err
	}
	if _, err := start(old); err != nil {
		t.Fatal(err)
	}
	both, err := start(fresh + old)
	if err != nil {
		t.Fatal(err)
	}
	if err := both.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(serverKeys(f)); n != 1 {
		t.Errorf("there are %d server keys", n)
	}
	if _, err := start(old); err != nil {
		t.Errorf("start with the old key: %v", err)
	}
	if _, err := start(fresh); !errors.Is(err, service.ErrWrongKey) {
		t.Errorf("start with the new key alone: %v, want ErrWrongKey", err)
	}
}
