package account

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// MailKind is the purpose of a message.
type MailKind string

// The kinds of message.
const (
	MailRecovery   MailKind = "recovery"   // contains a token for choosing a new password
	MailInvitation MailKind = "invitation" // contains a token for choosing the first password
	MailNewAPIKey  MailKind = "new-api-key"
	// MailPasswordChanged tells a user that their password was changed, reset or recovered.
	MailPasswordChanged MailKind = "password-changed"
	MailTest            MailKind = "test" // tests the mail settings; sent at once, not through the outbox
)

// MailState is the state of a message in the outbox.
type MailState string

// The states of a message. It is requested first, then ready, and in the end delivered or failed. A
// requested message is deleted when no account has its address.
const (
	MailRequested MailState = "requested" // the account with the address is not looked up yet
	MailReady     MailState = "ready"     // rendered, encrypted and waiting for delivery
	MailDelivered MailState = "delivered"
	MailFailed    MailState = "failed" // not delivered; no further attempts
)

// Mail is a message in the outbox, the table of messages to deliver.
type Mail struct {
	ID            int64
	Kind          MailKind
	State         MailState
	Address       string // address that the requester typed; cleared when the account is found
	ClientNetwork string // client network of the requester
	UserID        int64  // the user who has the address; 0: not looked up yet
	Recipient     string // address of the user, as stored
	Sealed        keyring.Sealed
	Attempts      int
	Created       time.Time
	NextAttempt   time.Time
	Expires       time.Time // when delivery is no longer useful
	Finished      time.Time // when the message was delivered or given up; zero until then
	LastError     string    // short cause of the last failure, for people
}

// MailSecurity is how the connection to a mail server is secured.
type MailSecurity string

// The ways to secure the connection.
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
	Password secret.Text // password of Account
	CA       string      // root certificates in PEM, trusted in addition to the system's
}

// MailRoute tells how messages are delivered.
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

// Message is one rendered mail. It is rendered once and stored encrypted until delivery, so every
// attempt sends the same message.
type Message struct {
	ID      string    `json:"id"` // Message-ID (RFC 5322), without angle brackets
	Date    time.Time `json:"date"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
}

// MailContent is the data from which a message is rendered. Fields that a kind of message doesn't
// use are empty.
type MailContent struct {
	Name          string        // name of the user
	Token         string        // in plain text, as the operation retrieve-password accepts it
	Link          string        // URL of the page that accepts the token; "" when the public URL is unknown
	Lifetime      time.Duration // how long the token is valid from now on
	ClientNetwork string        // client network of the requester
	KeyName       string        // name of the new API key; "" for a contract key
	At            time.Time     // when the event that the message reports happened
}

// Delivery is a message that a worker has claimed for one attempt.
type Delivery struct {
	MailID  int64
	Attempt int // number of this attempt, from 1
	Message Message
}
