package bench_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// What Usher is measured beside must give the same answer, or the comparison is
// worth nothing.
func TestBareAnswersTheSame(t *testing.T) {
	u := startUsher(t)
	for _, kind := range []work.Kind{work.Whoami, work.Get, work.List, work.Login} {
		t.Run(kind.Name, func(t *testing.T) {
			want, wantBody, err := dial(t, u.address).Answer(u.requests(kind)(), kind.Status)
			if err != nil {
				t.Fatal(err)
			}
			address := listen(t, bare.Handler(bare.Record(kind.Path, want, wantBody)))
			got, gotBody, err := dial(t, address).Answer(kind.Requests(u.token)(0), kind.Status)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(gotBody, wantBody) {
				t.Error("the body is another")
			}
			want.Header.Del("Date")
			got.Header.Del("Date")
			if !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
				t.Errorf("the header is %v, want %v", got.Header, want.Header)
			}
			if got.ContentLength != want.ContentLength {
				t.Errorf("the length is given as %d, want %d", got.ContentLength, want.ContentLength)
			}
		})
	}
}
