package auth_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// BenchmarkAuthenticate compares authentication from the cache with authentication from the
// database.
func BenchmarkAuthenticate(b *testing.B) {
	f := servicetest.New(b)
	f.AddUser(annEmail)
	in := f.NewSession(annEmail).Token
	for name, cached := range map[string]bool{"memory": true, "database": false} {
		b.Run(name, func(b *testing.B) {
			s := f.With(func(*service.Options) {})
			if cached {
				pollInvalidations(f, s)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Authenticate(b.Context(), in, account.Origin{ClientNetwork: servicetest.Home}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
