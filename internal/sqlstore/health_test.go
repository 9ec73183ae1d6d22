package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestWriteFailure(t *testing.T) {
	s := openDir(t, t.TempDir())
	wantFailure := func(when, message string) {
		t.Helper()
		got := ""
		if failure := s.WriteFailure(); failure != nil {
			got = failure.Message
		}
		want(t, when, got, message)
		want(t, "the health, "+when, get[account.DatabaseHealth](t)(s.Health(t.Context())).Refused, message)
	}
	wantFailure("at first", "")
	change(t, s, limitPages(60))
	wantUnavailable(t, "a write that does not fit", s.Write(t.Context(), fillDisk))
	wantFailure("on a full disk", diskFull)
	sentinel := errors.New("no")
	wantErr(t, "a write that the rules refuse",
		s.Write(t.Context(), func(context.Context, *account.Tx) error { return sentinel }), sentinel)
	wantFailure("after a failure that is not the disk's", diskFull)
	wantErr(t, "TryWrite", s.TryWrite(t.Context()), nil)
	wantFailure("after a write that succeeded", "")
	_, err := s.Setting(t.Context(), "try")
	wantErr(t, "the row of TryWrite", err, account.ErrNotFound)
}
