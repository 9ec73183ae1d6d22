package servicetest

import (
	"slices"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// WantCode fails the test unless err has the code want; "" is success.
func WantCode(t testing.TB, err error, want account.Code) {
	t.Helper()
	if got := account.ErrorCode(err); got != want {
		t.Fatalf("the error is %v, want code %q", err, want)
	}
}

// WantPaths fails the test unless err has the code and exactly these paths in its details.
func WantPaths(t testing.TB, err error, code account.Code, paths ...string) {
	t.Helper()
	WantCode(t, err, code)
	var got []string
	for _, d := range AsError(t, err).Details {
		got = append(got, d.Path)
	}
	if !slices.Equal(got, paths) {
		t.Errorf("the error has the paths %q, want %q: %v", got, paths, err)
	}
}

// AsError returns err as an [*account.Error], and fails the test if it is another type.
func AsError(t testing.TB, err error) *account.Error {
	t.Helper()
	e, ok := err.(*account.Error)
	if !ok {
		t.Fatalf("the error is %v, want an *account.Error", err)
	}
	return e
}

// Must returns value, and panics if err is set.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Parallel runs fn(0) to fn(n-1) concurrently and returns their errors in order.
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

// CountCodes counts errors by their code; "" is success.
func CountCodes(errs []error) map[account.Code]int {
	count := map[account.Code]int{}
	for _, err := range errs {
		count[account.ErrorCode(err)]++
	}
	return count
}
