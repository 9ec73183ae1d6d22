package account_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestErrors(t *testing.T) {
	cause := errors.New("the cause")
	err := &account.Error{
		Code: account.CodeInvalid, Message: "Fix it.",
		Details: []account.Detail{{Path: "/0/email", Message: "is wrong"}}, Err: cause,
	}
	if got, want := err.Error(), "INVALID_PAYLOAD_FORMAT: Fix it.; /0/email: is wrong: the cause"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	for _, test := range []struct {
		err  error
		want account.Code
	}{
		{nil, ""},
		{err, account.CodeInvalid},
		{fmt.Errorf("wrapped: %w", err), account.CodeInvalid},
		{cause, account.CodeInternal},
		{account.ErrNotFound, account.CodeInternal},
	} {
		if got := account.ErrorCode(test.err); got != test.want {
			t.Errorf("ErrorCode(%v) = %q, want %q", test.err, got, test.want)
		}
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
}
