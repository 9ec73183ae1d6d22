package sqlstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestTrouble(t *testing.T) {
	s := openDir(t, t.TempDir())
	told := func(when, message string) {
		t.Helper()
		got := ""
		if trouble := s.Trouble(); trouble != nil {
			got = trouble.Message
		}
		want(t, when, got, message)
		want(t, "the health, "+when, get[account.DatabaseHealth](t)(s.Health(t.Context())).Refused, message)
	}
	told("at first", "")
	change(t, s, limitPages(60))
	wantUnavailable(t, "a write that does not fit", s.Write(t.Context(), fillDisk))
	told("on a full disk", full)
	sentinel := errors.New("no")
	wantErr(t, "a write that the rules refuse", s.Write(t.Context(), func(context.Context, account.Tx) error { return sentinel }), sentinel)
	told("after one that says nothing of the disk", full)
	wantErr(t, "TryWrite", s.TryWrite(t.Context()), nil)
	told("after a write that fitted", "")
	_, err := s.Setting(t.Context(), "try")
	wantErr(t, "what was tried", err, account.ErrNotFound)
}
