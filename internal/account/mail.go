package account

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// MailKind is the purpose of a message.
type MailKind string

// The kinds.
const (
	MailRecovery   MailKind = "recovery"   // a token for a new password
	MailInvitation MailKind = "invitation" // a token for the first password
	MailNewAPIKey  MailKind = "new-api-key"
	MailTest       MailKind = "test" // tests the settings; never in the outbox
)

// MailState is the state of a message in the outbox.
type MailState string

// The states, in their order. A requested message is deleted when its address has no account.
const (
	MailRequested MailState = "requested" // the account is not looked up yet
	MailReady     MailState = "ready"     // rendered, sealed and waiting for delivery
	MailDelivered MailState = "delivered"
	MailFailed    MailState = "failed" // given up
)

// Mail is a row of the outbox.
type Mail struct {
	ID            int64
	Kind          MailKind
	State         MailState
	Address       string // as the requester typed it; cleared when the account is found
	ClientNetwork string // network address of the requester
	UserID        int64  // 0: not looked up yet
	Recipient     string // the stored address of the user
	Sealed        keyring.Sealed
	Attempts      int
	Created       time.Time
	NextAttempt   time.Time
	Expires       time.Time // when delivery becomes useless
	Finished      time.Time // when it was delivered or given up; zero before
	LastError     string    // a short cause, for people
}

// MailSecurity is how the connection to a mail server is secured.
type MailSecurity string

// The kinds of security.
const (
	MailStartTLS    MailSecurity = "starttls" // STARTTLS, required (RFC 3207)
	MailTLS         MailSecurity = "tls"      // implicit TLS (RFC 8314)
	MailUnencrypted MailSecurity = "none"
)

// MailServer describes the connection to a mail server.
type MailServer struct {
	Host     string
	Port     int // 0: the default port of Security
	Security MailSecurity
	Account  string      // "": no authentication
	Password secret.Text // of Account
	CA       string      // PEM; root certificates to trust in addition to the system's
}

// MailRoute is how messages are delivered.
type MailRoute struct {
	Server     *MailServer // nil: messages are written to files
	Sender     string      // address of the sender
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

// Message is one rendered mail. It is rendered once and stored sealed until it is delivered, so
// every attempt sends the same message.
type Message struct {
	ID      string    `json:"id"` // Message-ID (RFC 5322), without angle brackets
	Date    time.Time `json:"date"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
}

// MailContent is the data that a message is rendered from. A kind leaves the fields empty that it
// doesn't need.
type MailContent struct {
	Name          string        // of the user
	Token         string        // in clear, as retrieve-password accepts it
	Link          string        // to the page that accepts the token; "" when the public URL is unknown
	Lifetime      time.Duration // of the token, from now
	ClientNetwork string        // network address of the requester
	KeyName       string        // of the new API key; "" for the contract's
	At            time.Time     // when the reported event happened
}

// Delivery is a message that a worker has claimed for one attempt.
type Delivery struct {
	MailID  int64
	Attempt int // from 1
	Message Message
}
