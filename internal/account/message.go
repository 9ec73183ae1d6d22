package account

import "time"

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

// Renderer writes messages in words. It fills Subject, Text and HTML and leaves
// the rest to its caller.
type Renderer interface {
	Render(MailKind, MailContent) (Message, error)
}

// Delivery is a message that one worker has claimed for one attempt.
type Delivery struct {
	MailID  int64
	Attempt int // from 1
	Message Message
}
