package mail

import (
	netmail "net/mail"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Encode calls encode with a fixed From address.
func Encode(m account.Message) ([]byte, error) {
	return encode(m, &netmail.Address{Name: "Usher", Address: "usher@example.org"})
}

// Times and limits of the worker, exported for its tests.
const (
	PollInterval      = pollInterval
	MaxBackoff        = maxBackoff
	MaxRecordAttempts = maxRecordAttempts
	WakeDelay         = wakeDelay
	WakeJitter        = wakeJitter
)
