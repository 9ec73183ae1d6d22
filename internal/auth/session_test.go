package auth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		use  time.Duration // how often it is used; 0: not at all
		wait time.Duration
		over bool
	}{
		{"idle, just before", 0, account.SessionIdle - time.Microsecond, false},
		{"idle", 0, account.SessionIdle, true},
		{"used, just before", 11 * time.Hour, account.SessionAbsolute - time.Microsecond, false},
		{"used", 11 * time.Hour, account.SessionAbsolute, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail, servicetest.Password)
			for test.use > 0 && test.wait > test.use {
				f.Clock.Advance(test.use)
				test.wait -= test.use
				if f.IsRevoked(in) {
					t.Fatal("it was over too early")
				}
			}
			f.Clock.Advance(test.wait)
			if f.IsRevoked(in) != test.over {
				t.Errorf("over = %v", !test.over)
			}
		})
	}
}

func TestPrincipal(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.UserRole, f.AddRole(access.Permission{
		Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: []int64{1, 7},
	}))
	p := f.As("Ann@Example.org")
	if p.User.ID != id || p.User.Email != "ann@example.org" || len(p.Roles) != 2 || p.Access.Administrator ||
		p.Session.ClientNetwork != servicetest.Home || p.Session.Device != "test" || !p.Session.Created.Equal(f.Clock.Now()) {
		t.Errorf("the principal is %+v", p)
	}
	if got := len(p.Access.Permissions); got != len(p.Roles[0].Permissions)+1 {
		t.Errorf("it has %d permissions", got)
	}
	if !f.Admin().Access.Administrator {
		t.Error("the administrator is none")
	}
}

func TestSignOutEndsOneSession(t *testing.T) {
	f := servicetest.New(t)
	one, two := f.NewSession(servicetest.AdminEmail, servicetest.Password), f.NewSession(servicetest.AdminEmail,
		servicetest.Password)
	if err := f.SignOut(t.Context(), f.PrincipalOf(one)); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(one) || f.IsRevoked(two) {
		t.Error("sign-out ends this session and no other")
	}
}

// A client may call itself anything; what is kept of it is bounded, and cut
// between characters.
func TestDeviceNameIsTruncated(t *testing.T) {
	f := servicetest.New(t)
	for device, want := range map[string]string{
		"curl/8":                       "curl/8",
		strings.Repeat("x", 300):       strings.Repeat("x", 256),
		"x" + strings.Repeat("é", 200): "x" + strings.Repeat("é", 127),
	} {
		in, err := f.SignIn(t.Context(), servicetest.AdminEmail, secret.New(servicetest.Password),
			account.Origin{ClientNetwork: servicetest.Home, Device: device})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.PrincipalOf(in).Session.Device; got != want {
			t.Errorf("%q is kept as %q", device, got)
		}
	}
}

// The last use of a session is kept to the minute, so a read is no write.
func TestTouch(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail, servicetest.Password)
	for _, step := range []struct {
		wait   time.Duration
		writes int
	}{{0, 0}, {59 * time.Second, 0}, {time.Second, 1}, {time.Second, 0}, {time.Minute, 1}} {
		f.Clock.Advance(step.wait)
		if got := f.Store.CallsDuring(func() { f.PrincipalOf(in) })["Write"]; got != step.writes {
			t.Errorf("%v later it wrote %d times, want %d", step.wait, got, step.writes)
		}
	}
}

// readOnly is a store that cannot be written.
type readOnlyStore struct {
	account.Store
	err error
}

func (s readOnlyStore) Write(context.Context, func(context.Context, account.Tx) error) error {
	return s.err
}

// A full disk is told once by whoever watches it, and other failures at each use.
func TestSessionWorksWhileStoreIsReadOnly(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		logged bool
	}{
		"disk full": {&account.Error{Code: account.CodeUnavailable, Message: "The disk is full."}, false},
		"a fault":   {errors.New("a faulty statement"), true},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail, servicetest.Password)
			f.Clock.Advance(time.Hour)
			var log bytes.Buffer
			s := f.With(func(o *service.Options) {
				o.Store = readOnlyStore{f.Store.Inner, c.err}
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
			})
			if _, err := s.Authenticate(t.Context(), in.Token, account.Origin{}); err != nil {
				t.Error(err)
			}
			if logged := strings.Contains(log.String(), "was not kept"); logged != c.logged {
				t.Errorf("the log has %q", log.String())
			}
		})
	}
}

// What is no token of a session or a key is refused without a look-up.
func TestForeignTokens(t *testing.T) {
	f := servicetest.New(t)
	good := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token.Reveal()
	recovery, _, err := token.New(token.Recovery, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unknown, _, err := token.New(token.Session, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := token.New(token.APIKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	swapped := []byte(good)
	swapped[10]++
	tests := []struct {
		name, text string
		lookUps    int
	}{
		{"empty", "", 0},
		{"of recovery", recovery.Reveal(), 0},
		{"of recovery with the prefix changed", "uss_" + recovery.Reveal()[4:], 0},
		{"one letter changed", string(swapped), 0},
		{"cut", good[:len(good)-1], 0},
		{"longer", good + "0", 0},
		{"with a space", good + " ", 0},
		{"of another server", unknown.Reveal(), 1},
		{"a key with a letter changed", "usk_" + string(swapped[4:]), 0},
		{"a session named as a key", "usk_" + good[4:], 0},
		{"a key of another server", key.Reveal(), 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls := f.Store.CallsDuring(func() {
				_, err := f.Authenticate(t.Context(), secret.New(test.text), account.Origin{})
				servicetest.WantCode(t, err, account.CodeUnauthorized)
			})
			if len(calls) != test.lookUps {
				t.Errorf("it asked the store for %v", calls)
			}
		})
	}
	f.WantNotStored(good, good[4:], servicetest.Password)
}

// Deactivation and deletion end sessions, and a right that was taken away a
// moment ago no longer counts.
func TestAccessIsReloaded(t *testing.T) {
	t.Parallel()
	takeAway := map[string]func(f *servicetest.Fixture, admin *account.Principal, id int64) error{
		"deactivated": func(f *servicetest.Fixture, admin *account.Principal, id int64) error {
			_, err := f.UpdateUser(f.T.Context(), admin, id, account.UserUpdate{Active: new(false)})
			return err
		},
		"deleted": func(f *servicetest.Fixture, admin *account.Principal, id int64) error {
			return f.DeleteUser(f.T.Context(), admin, id)
		},
		"password reset": func(f *servicetest.Fixture, admin *account.Principal, id int64) error {
			_, err := f.UpdateUser(f.T.Context(), admin, id,
				account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
			return err
		},
		"roles taken": func(f *servicetest.Fixture, admin *account.Principal, id int64) error {
			_, err := f.SetUserRoles(f.T.Context(), admin, id, []int64{access.UserRole})
			return err
		},
	}
	for name, take := range takeAway {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser("ann@example.org", access.AdministratorRole)
			victim := f.AddUser("bob@example.org")
			in := f.NewSession("ann@example.org", servicetest.Password)
			stale := f.PrincipalOf(in)
			if err := take(f, f.Admin(), id); err != nil {
				t.Fatal(err)
			}
			want := account.CodeUnauthorized
			if name == "roles taken" {
				want = account.CodeForbidden
			} else if !f.IsRevoked(in) {
				t.Error("the session goes on")
			}
			servicetest.WantCode(t, f.DeleteUser(t.Context(), stale, victim), want)
			_, err := f.UpdateUser(t.Context(), stale, victim, account.UserUpdate{Active: new(false)})
			servicetest.WantCode(t, err, want)
			_, err = f.SetUserRoles(t.Context(), stale, victim, []int64{1})
			servicetest.WantCode(t, err, want)
			_, err = f.CreateUsers(t.Context(), stale, []account.NewUser{servicetest.NewUser("new@example.org")})
			servicetest.WantCode(t, err, want)
		})
	}
}
