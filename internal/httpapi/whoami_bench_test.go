package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkWhoami measures whoami with the caller read from the database and with the caller read from the principal
// cache.
func BenchmarkWhoami(b *testing.B) {
	f := newFixture(b)
	measure := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := httptest.NewRequest(http.MethodGet, "/api/users/whoami", nil)
			r.Header.Set("X-Api-Key", f.admin)
			w := httptest.NewRecorder()
			if f.handler.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		}
	}
	b.Run("database", measure) // no poll has succeeded yet, so the cache is not used
	if err := f.accounts.PollInvalidations(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("memory", measure) // the clock doesn't move, so the cache stays valid
}
