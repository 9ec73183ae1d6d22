package account

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// MailKind says what a message is for.
type MailKind string

// The kinds.
const (
	MailRecovery   MailKind = "recovery"   // a token for a new password
	MailInvitation MailKind = "invitation" // a token for the first password
	MailNewAPIKey  MailKind = "new-api-key"
	MailTest       MailKind = "test" // of the settings; never in the outbox
)

// MailState is how far a message has come.
type MailState string

// The states, in their order. A message that was requested for nobody is deleted.
const (
	MailRequested MailState = "requested" // nobody has looked for the account yet
	MailReady     MailState = "ready"     // rendered and sealed, to be delivered
	MailDelivered MailState = "delivered"
	MailFailed    MailState = "failed" // given up
)

// Mail is a row of the outbox.
type Mail struct {
	ID            int64
	Kind          MailKind
	State         MailState
	Address       string // as it was typed; forgotten once the account is found
	ClientNetwork string // network address that asked
	UserID        int64  // 0: not looked up yet
	Recipient     string // the stored address of the user
	Sealed        keyring.Sealed
	Attempts      int
	Created       time.Time
	NextAttempt   time.Time
	Expires       time.Time // when it is no use to deliver it any more
	Finished      time.Time // delivered or given up; zero before
	LastError     string    // a short cause, for people
}

// MailSecurity is how the connection to a mail server is secured.
type MailSecurity string

// The ways.
const (
	MailStartTLS MailSecurity = "starttls" // begins in clear and must then be secured
	MailTLS      MailSecurity = "tls"      // from the first byte on
	MailInClear  MailSecurity = "none"
)

// MailServer is a mail server, and how to speak to it.
type MailServer struct {
	Host     string
	Port     int // 0: the usual one of Security
	Security MailSecurity
	Account  string      // "": no authentication
	Password secret.Text // of Account
	CA       string      // PEM; roots to trust beside the system's
}

// MailRoute is how a message leaves.
type MailRoute struct {
	Server     *MailServer // nil: messages become files
	Sender     string      // address that messages come from
	SenderName string
}

// Equal reports whether both routes are the same.
func (r MailRoute) Equal(other MailRoute) bool {
	if r.Sender != other.Sender || r.SenderName != other.SenderName || (r.Server == nil) != (other.Server == nil) {
		return false
	}
	if r.Server == nil {
		return true
	}
	a, b := *r.Server, *other.Server
	same := a.Password.Equal(b.Password)
	a.Password, b.Password = secret.Text{}, secret.Text{}
	return same && a == b
}

// Message is one mail as its reader will see it. It is made once and kept
// sealed until it is delivered, so every attempt sends the same.
type Message struct {
	ID      string    `json:"id"` // Message-ID (RFC 5322), without angle brackets
	Date    time.Time `json:"date"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
}

// MailContent is what a message tells its reader. What a kind does not need is
// empty.
type MailContent struct {
	Name          string        // of the user
	Token         string        // in clear; what retrieve-password takes
	Link          string        // to the page for the token; empty when the public URL is not known
	Lifetime      time.Duration // of the token, from now
	ClientNetwork string        // network address that asked
	KeyName       string        // of the key that the message is about; empty of the contract's
	At            time.Time     // when it happened
}

// Delivery is a message that one worker has claimed for one attempt.
type Delivery struct {
	MailID  int64
	Attempt int // from 1
	Message Message
}
