package user_test

import (
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// The error is the same for a user that the caller may not read and for one that does not exist.
func TestNotFoundIsIndistinguishable(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	_, hidden := f.User(t.Context(), f.As("ann@example.org"), 1)
	_, absent := f.User(t.Context(), f.As("ann@example.org"), 99)
	_, gone := f.User(t.Context(), f.Admin(), 99)
	want := *servicetest.AsError(t, hidden)
	for _, err := range []error{hidden, absent, gone} {
		servicetest.WantCode(t, err, account.CodeNotFound)
		got := *servicetest.AsError(t, err)
		if err == gone { // Hidden depends on the caller's rights, and clients don't see it
			got.Hidden = true
		}
		if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Errorf("%v differs from %v", err, hidden)
		}
	}
}
