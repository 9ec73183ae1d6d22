package servicetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// NewKeyText returns a new server key as text.
func NewKeyText() string { return Must(keyring.Generate(rand.Reader)) }

// NewWithKey returns a fixture like [New], with the server key in the text key.
func NewWithKey(t testing.TB, key string) *Fixture {
	t.Helper()
	f := newWithKeys(t, Must(keyring.Parse(key)))
	Must(f.SetUp(t.Context(), FirstRun()))
	f.PasswordHash = Must(f.Store.Inner.Credential(t.Context(), 1)).PasswordHash
	return f
}

// WithKeys returns another service over the same database, as a process with the server keys in
// the text opens it.
func (f *Fixture) WithKeys(text string) *service.Service {
	f.T.Helper()
	s := f.With(func(o *service.Options) { o.Keys = Must(keyring.Parse(text)) })
	if err := s.CheckKey(f.T.Context()); err != nil {
		f.T.Fatal(err)
	}
	return s
}

// Rotate rotates the server key on s. While the rotation waits, the clock moves forward, and
// running is called for what servers do meanwhile. running may be nil.
func (f *Fixture) Rotate(
	s *service.Service, o service.KeyRotation, running func(),
) (service.KeyRotationResult, error) {
	o.Wait = func(_ context.Context, d time.Duration) error {
		f.Clock.Advance(d)
		if running != nil {
			running()
		}
		return nil
	}
	return s.RotateKey(f.T.Context(), o)
}

// IsPostgres reports whether the tests run on PostgreSQL.
func IsPostgres() bool { return enginetest.Chosen().Name == "postgres" }
