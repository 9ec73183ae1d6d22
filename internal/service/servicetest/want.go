package servicetest

import (
	"slices"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// WantCode fails the test unless err has the code want. The code "" stands for success.
func WantCode(t testing.TB, err error, want account.Code) {
	t.Helper()
	if got := account.ErrorCode(err); got != want {
		t.Fatalf("the error is %v, want code %q", err, want)
	}
}

// WantPaths fails the test unless err has the code, and its details have exactly these
// paths.
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

// AsError returns err as an [*account.Error]. It fails the test if err has another type.
func AsError(t testing.TB, err error) *account.Error {
	t.Helper()
	e, ok := err.(*account.Error)
	if !ok {
		t.Fatalf("the error is %v, want an *account.Error", err)
	}
	return e
}

// Must returns value. It panics if err is not nil.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Parallel runs fn(0) to fn(n-1) concurrently. It returns their errors in the order of the
// arguments.
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

// CountCodes returns the number of errors by their code. The code "" stands for success.
func CountCodes(errs []error) map[account.Code]int {
	count := map[account.Code]int{}
	for _, err := range errs {
		count[account.ErrorCode(err)]++
	}
	return count
}
