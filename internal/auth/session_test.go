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
		name    string
		use     time.Duration // the session is used at this interval; 0 for no use
		wait    time.Duration
		expired bool
	}{
		{"idle, just before", 0, account.SessionIdle - time.Microsecond, false},
		{"idle", 0, account.SessionIdle, true},
		{"used, just before", 11 * time.Hour, account.SessionAbsolute - time.Microsecond, false},
		{"used", 11 * time.Hour, account.SessionAbsolute, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail)
			for test.use > 0 && test.wait > test.use {
				f.Clock.Advance(test.use)
				test.wait -= test.use
				if f.IsRevoked(in) {
					t.Fatal("the session expired too early")
				}
			}
			f.Clock.Advance(test.wait)
			if got := f.IsRevoked(in); got != test.expired {
				t.Errorf("expired = %v, want %v", got, test.expired)
			}
		})
	}
}

func TestPrincipal(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.UserRole, f.AddRole(servicetest.Permit("user:read", 1, 7)))
	p := f.As("Ann@Example.org")
	if p.User.ID != id || p.User.Email != "ann@example.org" || len(p.Roles) != 2 || p.Access.Administrator ||
		p.Session.ClientNetwork != servicetest.Home || p.Session.Device != "test" || !p.Session.Created.Equal(f.Clock.Now()) {
		t.Errorf("the principal is %+v", p)
	}
	if got := len(p.Access.Permissions); got != len(p.Roles[0].Permissions)+1 {
		t.Errorf("the principal has %d permissions", got)
	}
	if !f.Admin().Access.Administrator {
		t.Error("Access.Administrator is not set")
	}
}

func TestSignOutEndsOneSession(t *testing.T) {
	f := servicetest.New(t)
	one, two := f.NewSession(servicetest.AdminEmail), f.NewSession(servicetest.AdminEmail)
	if err := f.SignOut(t.Context(), f.PrincipalOf(one)); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(one) || f.IsRevoked(two) {
		t.Error("a sign-out must end the caller's session and no other")
	}
}

// A client may send any device name. The stored name is truncated at the end of a character.
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
			t.Errorf("%q is stored as %q, want %q", device, got, want)
		}
	}
}

// The last use of a session is stored once a minute, so most requests write nothing.
func TestTouch(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail)
	for _, step := range []struct {
		wait   time.Duration
		writes int
	}{{0, 0}, {59 * time.Second, 0}, {time.Second, 1}, {time.Second, 0}, {time.Minute, 1}} {
		f.Clock.Advance(step.wait)
		if got := f.Store.CallsDuring(func() { f.PrincipalOf(in) })["Write"]; got != step.writes {
			t.Errorf("authentication %v later wrote %d times, want %d", step.wait, got, step.writes)
		}
	}
}

// refusedWrites is a [account.Transactor] whose writes fail.
type refusedWrites struct{ err error }

func (r refusedWrites) Write(context.Context, func(context.Context, *account.Tx) error) error {
	return r.err
}

// Sessions authenticate although their last use can't be stored. Another part of the server logs
// that the disk is full, so authentication logs other failures only.
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
			in := f.NewSession(servicetest.AdminEmail)
			f.Clock.Advance(time.Hour)
			var log bytes.Buffer
			store := *f.Store.Inner
			store.Transactor = refusedWrites{c.err}
			s := f.With(func(o *service.Options) {
				o.Store = &store
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
			})
			if _, err := s.Authenticate(t.Context(), in.Token, account.Origin{}); err != nil {
				t.Error(err)
			}
			if logged := strings.Contains(log.String(), "was not kept"); logged != c.logged {
				t.Errorf("the log is %q, want a line: %v", log.String(), c.logged)
			}
		})
	}
}

// A text that is not a well-formed session token or API key is refused without a database read.
func TestForeignTokens(t *testing.T) {
	f := servicetest.New(t)
	good := f.NewSession(servicetest.AdminEmail).Token.Reveal()
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
		lookups    int
	}{
		{"empty", "", 0},
		{"of recovery", recovery.Reveal(), 0},
		{"of recovery with the prefix changed", "uss_" + recovery.Reveal()[4:], 0},
		{"one letter changed", string(swapped), 0},
		{"truncated", good[:len(good)-1], 0},
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
			if len(calls) != test.lookups {
				t.Errorf("the store calls are %v, want %d", calls, test.lookups)
			}
		})
	}
	f.WantNotStored(good, good[4:], servicetest.Password)
}

// Deactivating or deleting a user ends their sessions. A permission that was just removed no
// longer counts.
func TestAccessIsReloaded(t *testing.T) {
	t.Parallel()
	revocations := map[string]func(f *servicetest.Fixture, admin *account.Principal, id int64) error{
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
		"roles removed": func(f *servicetest.Fixture, admin *account.Principal, id int64) error {
			_, err := f.SetUserRoles(f.T.Context(), admin, id, []int64{access.UserRole})
			return err
		},
	}
	for name, revoke := range revocations {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser("ann@example.org", access.AdministratorRole)
			victim := f.AddUser("bob@example.org")
			in := f.NewSession("ann@example.org")
			stale := f.PrincipalOf(in)
			if err := revoke(f, f.Admin(), id); err != nil {
				t.Fatal(err)
			}
			want := account.CodeUnauthorized
			if name == "roles removed" {
				want = account.CodeForbidden
			} else if !f.IsRevoked(in) {
				t.Error("the session still authenticates")
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
