package servicetest

import (
	"slices"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func WantCode(t testing.TB, err error, want account.Code) {
	t.Helper()
	if got := account.ErrorCode(err); got != want {
		t.Fatalf("the failure is %v, want %q", err, want)
	}
}

// wantPaths fails unless err has the code, and names these parts and no others.
func WantPaths(t testing.TB, err error, code account.Code, paths ...string) {
	t.Helper()
	WantCode(t, err, code)
	var got []string
	for _, d := range AsError(t, err).Details {
		got = append(got, d.Path)
	}
	if !slices.Equal(got, paths) {
		t.Errorf("the failure names %q, want %q: %v", got, paths, err)
	}
}

func AsError(t testing.TB, err error) *account.Error {
	t.Helper()
	e, ok := err.(*account.Error)
	if !ok {
		t.Fatalf("the failure is %v, want an *account.Error", err)
	}
	return e
}

// must returns the value of a call that cannot fail in a test.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// parallel runs fn(0) to fn(n-1) at once and returns their failures in order.
func Parallel(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var runners sync.WaitGroup
	for i := range n {
		runners.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	runners.Wait()
	return errs
}

// codes counts failures by their code; "" is success.
func CountCodes(errs []error) map[account.Code]int {
	count := map[account.Code]int{}
	for _, err := range errs {
		count[account.ErrorCode(err)]++
	}
	return count
}
