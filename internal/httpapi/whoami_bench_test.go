package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkWhoami compares whoami from memory with reading who asks from the
// database.
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
	b.Run("database", measure) // nothing was heard yet
	if err := f.accounts.PollInvalidations(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("memory", measure) // the clock stands
}
