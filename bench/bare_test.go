package bench_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/bare"
)

// What Usher is measured beside must give the same answer, or the comparison is
// worth nothing.
func TestBareAnswersTheSame(t *testing.T) {
	u := startUsher(t)
	for _, w := range []work{whoami, oneUser, list, login} {
		t.Run(w.name, func(t *testing.T) {
			request := w.request(u.token)
			want, wantBody, err := dial(t, u.address).Answer(request.Bytes(0), request.Status)
			if err != nil {
				t.Fatal(err)
			}
			address := listen(t, bare.Handler(bare.Record(w.pattern, want, wantBody)))
			got, gotBody, err := dial(t, address).Answer(request.Bytes(1), request.Status)
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
