package auth_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestSessions(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.UserRole)
	f.NewSession("ann@example.org")
	f.NewSession(servicetest.AdminEmail)
	f.Clock.Advance(time.Hour)
	this := f.As("ann@example.org")
	got, err := f.Sessions(t.Context(), this, id)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	first, second := got[0], got[1]
	if first.Current || !second.Current || second.ID != this.Credential.ID ||
		second.ClientNetwork != servicetest.Home || second.Device != "test" ||
		!first.Expires.Equal(servicetest.Start.Add(account.SessionIdle)) ||
		!second.Created.Equal(servicetest.Start.Add(time.Hour)) {
		t.Errorf("the sessions are %+v", got)
	}
	for _, s := range servicetest.Must(f.Sessions(t.Context(), f.Admin(), id)) {
		if s.Current {
			t.Errorf("a session of another user is current: %+v", s)
		}
	}
	f.Clock.Advance(account.SessionIdle - time.Hour)
	if got := servicetest.Must(f.Sessions(t.Context(), this, id)); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("the sessions are %+v, want only the one that has not expired", got)
	}
	_, err = f.Sessions(t.Context(), f.Admin(), 99)
	servicetest.WantCode(t, err, account.CodeNotFound)
}

func TestEndSessions(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.UserRole)
	bystander := f.NewSession(servicetest.AdminEmail)
	one, two, three := f.NewSession("ann@example.org"), f.NewSession("ann@example.org"), f.NewSession("ann@example.org")
	key := f.NewContractKey(f.PrincipalOf(one))
	wantRevoked := func(want ...bool) {
		t.Helper()
		got := []bool{f.IsRevoked(one), f.IsRevoked(two), f.IsRevoked(three)}
		if !slices.Equal(got, want) {
			t.Errorf("revoked: %v, want %v", got, want)
		}
	}
	if err := f.EndSession(t.Context(), f.PrincipalOf(one), f.PrincipalOf(three).Credential.ID); err != nil {
		t.Fatal(err)
	}
	wantRevoked(false, false, true)
	if err := f.EndSessions(t.Context(), f.PrincipalOf(one), id, true); err != nil {
		t.Fatal(err)
	}
	wantRevoked(false, true, true)
	if err := f.EndSessions(t.Context(), f.PrincipalBy(key), id, true); err != nil { // a key has no session
		t.Fatal(err)
	}
	wantRevoked(true, true, true)
	if f.IsRevoked(bystander) || !f.IsAccepted(key) {
		t.Error("a session of another user, or a key, was revoked")
	}
}

func TestEndSessionsOfOthers(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org", access.UserRole)
	ender := f.AddRole(servicetest.Permissions("session:delete", "session:read")...)
	f.AddUser("weak@example.org", ender)
	f.AddUser("guard@example.org", ender, access.UserRole)
	f.AddUser("reader@example.org", f.AddRole(servicetest.Permit("session:read")), access.UserRole)
	tests := []struct {
		caller, owner string
		want          account.Code
	}{
		{"ann@example.org", servicetest.AdminEmail, account.CodeNotFound},
		{"reader@example.org", "ann@example.org", account.CodeForbidden},
		{"weak@example.org", "ann@example.org", account.CodeForbidden},
		{"guard@example.org", servicetest.AdminEmail, account.CodeForbidden},
		{"guard@example.org", "ann@example.org", ""},
		{servicetest.AdminEmail, "guard@example.org", ""},
	}
	for _, test := range tests {
		t.Run(test.caller+" "+test.owner, func(t *testing.T) {
			victim := f.NewSession(test.owner)
			session := f.PrincipalOf(victim).Credential.ID
			servicetest.WantCode(t, f.EndSession(t.Context(), f.As(test.caller), session), test.want)
			if f.IsRevoked(victim) != (test.want == "") {
				t.Errorf("revoked = %v, want %v", f.IsRevoked(victim), test.want == "")
			}
			victim = f.NewSession(test.owner)
			servicetest.WantCode(t, f.EndSessions(t.Context(), f.As(test.caller), f.UserID(test.owner), false), test.want)
			if f.IsRevoked(victim) != (test.want == "") {
				t.Errorf("revoked = %v, want %v", f.IsRevoked(victim), test.want == "")
			}
		})
	}
	servicetest.WantCode(t, f.EndSession(t.Context(), f.Admin(), 9999), account.CodeNotFound)
	servicetest.WantCode(t, f.EndSessions(t.Context(), f.Admin(), 9999, false), account.CodeNotFound)
}

// New session lifetimes in the settings apply at once.
func TestSessionLifetimesAreSettings(t *testing.T) {
	f := servicetest.New(t)
	set := func(idle, absolute time.Duration) {
		text := servicetest.Must(json.Marshal(account.ServerSettings{SessionIdle: idle, SessionAbsolute: absolute}))
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SaveSetting(ctx, "server", string(text)) })
	}
	in := f.NewSession(servicetest.AdminEmail)
	f.Clock.Advance(10 * time.Minute)
	set(10*time.Minute, time.Hour)
	if !f.IsRevoked(in) {
		t.Error("an idle session still authenticates")
	}
	set(11*time.Minute, time.Hour)
	if f.IsRevoked(in) {
		t.Error("the session expired too early")
	}
	caller := f.PrincipalOf(in)
	set(time.Hour, 20*time.Minute)
	got := servicetest.Must(f.Sessions(t.Context(), caller, 1))
	if want := servicetest.Start.Add(20 * time.Minute); !got[0].Expires.Equal(want) {
		t.Errorf("the session expires at %v, want %v", got[0].Expires, want)
	}
	f.Clock.Advance(10 * time.Minute)
	if !f.IsRevoked(in) {
		t.Error("a session past its absolute lifetime still authenticates")
	}
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(24*time.Hour, 24*time.Hour)
	if !f.IsRevoked(in) {
		t.Error("the sweep left an expired session")
	}
}
