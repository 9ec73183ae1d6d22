package mail

import (
	"context"
	"errors"
	"net"
	"net/textproto"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Sender delivers messages. It is safe for concurrent use.
type Sender interface {
	// Send makes one attempt to deliver a message. It has its own timeout. Its errors are
	// of the type [*Failure].
	Send(ctx context.Context, d *account.Delivery) error
}

// The causes of a [Failure], as administrators read them. The list is closed: a cause never
// contains text of a mail server, which may quote the message or the address.
const (
	CauseConnect     = "could not connect"
	CauseTLS         = "TLS failed"
	CauseCertificate = "the server's certificate is not trusted"
	CauseNoStartTLS  = "the server does not offer STARTTLS"
	CauseLogin       = "authentication refused"
	CauseSender      = "sender refused"
	CauseRecipient   = "recipient refused"
	CauseMessage     = "message refused"
	CauseTimeout     = "timed out"
	CauseFile        = "could not write the file"
	CauseSettings    = "the mail settings cannot be used"
	CauseUnknown     = "delivery failed"
)

// Failure is the error of an attempt to deliver a message.
type Failure struct {
	Cause     string // one of the causes above
	Code      int    // reply code of the server (RFC 5321, section 4.2); 0 if there was none
	Permanent bool   // the server refused the recipient or the message for good: do not retry
	Err       error  // underlying error, which may quote the server: do not log it
}

// Error returns only the cause, so that a failure is safe to log.
func (f *Failure) Error() string { return f.Cause }

// Unwrap returns the underlying error, which is not safe to log.
func (f *Failure) Unwrap() error { return f.Err }

// newFailure returns the failure of a delivery step that returned err. cause is the cause
// of that step; a timeout replaces it.
//
// Only a 5xx reply to the recipient or the message is permanent. An administrator can
// remove the reason for any other refusal, in the settings of the server or of Usher.
func newFailure(cause string, err error) *Failure {
	failure := &Failure{Cause: cause, Err: err}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		failure.Cause = CauseTimeout
		return failure
	}
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		failure.Code = reply.Code
	}
	if cause == CauseRecipient || cause == CauseMessage {
		failure.Permanent = failure.Code/100 == 5
	}
	return failure
}

// asFailure returns the [Failure] in the chain of err, or one with [CauseUnknown].
func asFailure(err error) *Failure {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	return newFailure(CauseUnknown, err)
}
