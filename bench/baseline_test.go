package bench_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/baseline"
)

// TestBaselineAnswersTheSame checks that the baseline handler sends the same response as Usher. If the responses
// differed, the benchmarks would compare different work.
func TestBaselineAnswersTheSame(t *testing.T) {
	u := startUsher(t)
	for _, o := range []operation{whoami, oneUser, list, signIn} {
		t.Run(o.name, func(t *testing.T) {
			request := o.request(u.token)
			want, wantBody, err := dial(t, u.address).Answer(request.Bytes(0), request.Status)
			if err != nil {
				t.Fatal(err)
			}
			address := listen(t, baseline.Handler(baseline.Record(o.pattern, want, wantBody)))
			got, gotBody, err := dial(t, address).Answer(request.Bytes(1), request.Status)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(gotBody, wantBody) {
				t.Error("the body differs")
			}
			want.Header.Del("Date")
			got.Header.Del("Date")
			if !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
				t.Errorf("the header is %v, want %v", got.Header, want.Header)
			}
			if got.ContentLength != want.ContentLength {
				t.Errorf("the content length is %d, want %d", got.ContentLength, want.ContentLength)
			}
		})
	}
}
