package mail

import (
	netmail "net/mail"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Encode calls encode with the From address that tests use.
func Encode(m account.Message) ([]byte, error) {
	return encode(m, &netmail.Address{Name: "Usher", Address: "usher@example.org"})
}

// Times and limits of the worker, for its tests.
const (
	PollInterval      = pollInterval
	MaxBackoff        = maxBackoff
	MaxRecordAttempts = maxRecordAttempts
	WakeDelay         = wakeDelay
	WakeJitter        = wakeJitter
)
