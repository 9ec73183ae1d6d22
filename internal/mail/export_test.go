package mail

import (
	netmail "net/mail"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Encode is encode with the sender that tests use.
func Encode(m account.Message) ([]byte, error) {
	return encode(m, &netmail.Address{Name: "Usher", Address: "usher@example.org"})
}

// What the worker waits, for tests of its patience.
const (
	PollInterval = pollInterval
	MaxBackoff   = maxBackoff
	SettleTries  = settleTries
	WakeDelay    = wakeDelay
	WakeSpread   = wakeSpread
)
