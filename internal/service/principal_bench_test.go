package service_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// BenchmarkAuthenticate compares letting in from memory with reading the database.
func BenchmarkAuthenticate(b *testing.B) {
	f := newFixture(b)
	f.user(annEmail)
	in := f.signIn(annEmail, password).Token
	for name, hear := range map[string]bool{"memory": true, "database": false} {
		b.Run(name, func(b *testing.B) {
			s := f.with(func(*service.Options) {})
			if hear {
				f.hear(s)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Authenticate(b.Context(), in, account.Origin{ClientNetwork: home}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
