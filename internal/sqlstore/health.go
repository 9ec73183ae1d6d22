package sqlstore

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// health remembers whether the database stores what is written.
type health struct{ trouble atomic.Pointer[account.Error] }

// note takes in how a write ended. One that the rules refused, that its caller gave
// up, that took too long, or that others were in the way of, tells nothing of the
// database.
func (h *health) note(err error) {
	if err == nil {
		h.trouble.Store(nil)
	} else if e, ok := errors.AsType[*account.Error](err); ok && e.Code == account.CodeUnavailable && !errors.Is(err, errConflict) && !errors.Is(err, errPatience) {
		h.trouble.Store(e)
	}
}

// Trouble returns why the newest write was not stored, as long as none was stored
// since; else nil.
func (s *Store) Trouble() *account.Error { return s.health.trouble.Load() }

// TryWrite stores something and removes it again, for [Store.Trouble] to end
// though nobody else writes. It fails as Write does.
func (s *Store) TryWrite(ctx context.Context) error {
	return s.Write(ctx, func(ctx context.Context, t account.Tx) error {
		const name = "try" // of no group of settings, so that nobody has to hear of it
		tx := t.(*tx)
		if err := tx.run(ctx, `INSERT INTO settings (name, value) VALUES ($1, '')`, name); err != nil {
			return err
		}
		return tx.runOne(ctx, `DELETE FROM settings WHERE name = $1`, name)
	})
}
