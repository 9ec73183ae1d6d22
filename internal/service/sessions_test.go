package service_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestSessions(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org", access.UserRole)
	f.signIn("ann@example.org", password)
	f.signIn(adminEmail, password)
	f.clock.advance(time.Hour)
	this := f.as("ann@example.org")
	got, err := f.Sessions(t.Context(), this, id)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	first, second := got[0], got[1]
	if first.Current || !second.Current || second.ID != this.Credential.ID || second.ClientNetwork != home || second.Device != "test" ||
		!first.Expires.Equal(start.Add(account.SessionIdle)) || !second.Created.Equal(start.Add(time.Hour)) {
		t.Errorf("the sessions are %+v", got)
	}
	for _, s := range must(f.Sessions(t.Context(), f.as(adminEmail), id)) {
		if s.Current {
			t.Errorf("another's session is shown as the caller's: %+v", s)
		}
	}
	f.clock.advance(account.SessionIdle - time.Hour)
	if got := must(f.Sessions(t.Context(), this, id)); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("a session that is over is listed: %+v", got)
	}
	_, err = f.Sessions(t.Context(), f.as(adminEmail), 99)
	wantCode(t, err, account.CodeNotFound)
}

func TestEndSessions(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org", access.UserRole)
	bystander := f.signIn(adminEmail, password)
	one, two, three := f.signIn("ann@example.org", password), f.signIn("ann@example.org", password), f.signIn("ann@example.org", password)
	key := f.renew(f.principal(one))
	over := func(want ...bool) {
		t.Helper()
		if got := []bool{f.over(one), f.over(two), f.over(three)}; got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("over: %v, want %v", got, want)
		}
	}
	if err := f.EndSession(t.Context(), f.principal(one), f.principal(three).Credential.ID); err != nil {
		t.Fatal(err)
	}
	over(false, false, true)
	if err := f.EndSessions(t.Context(), f.principal(one), id, true); err != nil {
		t.Fatal(err)
	}
	over(false, true, true)
	if err := f.EndSessions(t.Context(), f.by(key), id, true); err != nil { // a key is no session to keep
		t.Fatal(err)
	}
	over(true, true, true)
	if f.over(bystander) || !f.works(key) {
		t.Error("a session of another, or a key, ended")
	}
}

func TestEndSessionsOfOthers(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org", access.UserRole)
	ender := f.role(may(access.EntitySession, remove), may(access.EntitySession, read))
	f.user("weak@example.org", ender)
	f.user("guard@example.org", ender, access.UserRole)
	f.user("reader@example.org", f.role(may(access.EntitySession, read)), access.UserRole)
	tests := []struct {
		who, whose string
		want       account.Code
	}{
		{"ann@example.org", adminEmail, account.CodeNotFound},
		{"reader@example.org", "ann@example.org", account.CodeForbidden},
		{"weak@example.org", "ann@example.org", account.CodeForbidden},
		{"guard@example.org", adminEmail, account.CodeForbidden},
		{"guard@example.org", "ann@example.org", ""},
		{adminEmail, "guard@example.org", ""},
	}
	for _, test := range tests {
		t.Run(test.who+" "+test.whose, func(t *testing.T) {
			victim := f.signIn(test.whose, password)
			session := f.principal(victim).Credential.ID
			wantCode(t, f.EndSession(t.Context(), f.as(test.who), session), test.want)
			if f.over(victim) != (test.want == "") {
				t.Error("the session is over, or is not")
			}
			victim = f.signIn(test.whose, password)
			wantCode(t, f.EndSessions(t.Context(), f.as(test.who), f.userID(test.whose), false), test.want)
			if f.over(victim) != (test.want == "") {
				t.Error("the sessions are over, or are not")
			}
		})
	}
	wantCode(t, f.EndSession(t.Context(), f.as(adminEmail), 9999), account.CodeNotFound)
	wantCode(t, f.EndSessions(t.Context(), f.as(adminEmail), 9999, false), account.CodeNotFound)
}

// The lifetimes of sessions are those of the settings, at once.
func TestSessionLifetimesAreSettings(t *testing.T) {
	f := newFixture(t)
	set := func(idle, absolute time.Duration) {
		text := must(json.Marshal(account.ServerSettings{SessionIdle: idle, SessionAbsolute: absolute}))
		f.write(func(ctx context.Context, tx account.Tx) error { return tx.SaveSetting(ctx, "server", string(text)) })
	}
	in := f.signIn(adminEmail, password)
	f.clock.advance(10 * time.Minute)
	set(10*time.Minute, time.Hour)
	if !f.over(in) {
		t.Error("an idle session goes on")
	}
	set(11*time.Minute, time.Hour)
	if f.over(in) {
		t.Error("a session is over too early")
	}
	caller := f.principal(in)
	set(time.Hour, 20*time.Minute)
	if got := must(f.Sessions(t.Context(), caller, 1)); !got[0].Expires.Equal(start.Add(20 * time.Minute)) {
		t.Errorf("it expires at %v", got[0].Expires)
	}
	f.clock.advance(10 * time.Minute)
	if !f.over(in) {
		t.Error("an old session goes on")
	}
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(24*time.Hour, 24*time.Hour)
	if !f.over(in) {
		t.Error("the sweep left a session that was over")
	}
}
