package account

import (
	"io"
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// Env is the environment that the operations of every noun run in: storage, keys, time and
// randomness. All fields are required.
type Env struct {
	Store *Store
	Keys  *keyring.Ring
	Log   *slog.Logger
	// Now is the current time in UTC, truncated to microseconds as storage keeps it.
	Now    func() time.Time
	Random io.Reader
	// Monotonic is this machine's monotonic clock. Its zero point is arbitrary; compare two
	// readings only.
	Monotonic func() time.Time
}
