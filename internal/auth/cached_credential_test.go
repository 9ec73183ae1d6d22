package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A cache entry does not extend the lifetime of its credential.
func TestCachedCredentialsExpire(t *testing.T) {
	for name, test := range map[string]struct {
		credential   func(*annFixture) secret.Text
		life, before time.Duration // the lifetime of the credential, and how long before its end the test authenticates
	}{
		"session without use": {
			credential: func(s *annFixture) secret.Text { return s.session },
			life:       account.SessionIdle, before: account.SessionIdle,
		},
		"named key": {
			credential: func(s *annFixture) secret.Text {
				return s.NewNamedKey(s.PrincipalBy(s.session), apikey.NewAPIKey{Name: "brief", Lifetime: 24 * time.Hour})
			},
			life: 24 * time.Hour, before: time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAnnFixture(t)
			credential := test.credential(s)
			f := s.Fixture
			f.Clock.Advance(test.life - test.before)
			pollInvalidations(f, f.Service)
			if got := authenticate(f, f.Service, credential); got.code != "" || !isCached(f, f.Service, credential) {
				t.Fatalf("the credential is not cached: %+v", got)
			}
			f.Clock.Advance(test.before)
			pollInvalidations(f, f.Service)
			if authenticate(f, f.Service, credential).code != account.CodeUnauthorized {
				t.Error("the expired credential authenticates")
			}
		})
	}
	t.Run("session in use", func(t *testing.T) {
		s := newAnnFixture(t)
		for lived := time.Duration(0); lived < account.SessionAbsolute; lived += account.SessionIdle / 2 {
			pollInvalidations(s.Fixture, s.Service)
			if got := authenticate(s.Fixture, s.Service, s.session); got.code != "" {
				t.Fatalf("the session has expired after %v", lived)
			}
			s.Clock.Advance(account.SessionIdle / 2)
		}
		if pollInvalidations(s.Fixture, s.Service); authenticate(s.Fixture, s.Service, s.session).code == "" {
			t.Error("the session never expires")
		}
	})
}

// The last use of a cached session or key is stored once a minute.
func TestUseOfCachedCredentialsIsStored(t *testing.T) {
	s := newAnnFixture(t)
	storedUses := func() [2]time.Time {
		t.Helper()
		session, err := s.Store.Inner.Session(t.Context(), s.PrincipalBy(s.session).Credential.ID)
		key, err2 := s.Store.Inner.APIKey(t.Context(), s.PrincipalBy(s.named).Credential.ID)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return [2]time.Time{session.LastSeen, key.LastUsed}
	}
	pollInvalidations(s.Fixture, s.Service)
	for minute := range 3 {
		at := servicetest.Start.Add(time.Duration(minute) * time.Minute)
		if got := storedUses(); got != [2]time.Time{at, at} {
			t.Errorf("after %d minutes the last uses are %v", minute, got)
		}
		for range 2 {
			s.Clock.Advance(30*time.Second - time.Microsecond)
			pollInvalidations(s.Fixture, s.Service)
			if writes := s.Store.CallsDuring(func() { storedUses() })["Write"]; writes != 0 {
				t.Errorf("%d writes within a minute", writes)
			}
		}
		s.Clock.Advance(2 * time.Microsecond)
		pollInvalidations(s.Fixture, s.Service)
	}
}
