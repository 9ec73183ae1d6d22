package mail

import (
	"context"
	"errors"
	"net"
	"net/textproto"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Sender delivers messages, to a mail server or to files. It is safe for concurrent use.
type Sender interface {
	// Send makes one attempt to deliver a message. It has its own timeout. Its errors have
	// the type [*Failure].
	Send(ctx context.Context, d *account.Delivery) error
}

// The causes of a [Failure], as administrators see them. No other causes are allowed. A
// cause never contains text from a mail server, because that text may quote the message or
// the address.
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
	Cause     string // one of the Cause constants
	Code      int    // reply code of the mail server (RFC 5321, section 4.2); 0 if there was no reply
	Permanent bool   // whether the server refused the recipient or the message for good, so retries are useless
	Err       error  // underlying error; do not log it, since it may quote the mail server
}

// Error returns only the cause, which is safe to log.
func (f *Failure) Error() string { return f.Cause }

// Unwrap returns the underlying error, which is not safe to log.
func (f *Failure) Unwrap() error { return f.Err }

// newFailure returns the failure of one step of a delivery. cause is the cause that belongs
// to this step. If err is a timeout, the failure has the cause of a timeout instead.
//
// Only a 5xx reply to the recipient or the message is permanent. For any other refusal, an
// administrator can remove the reason in the settings of the mail server or of Usher.
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

// asFailure returns the [Failure] that err wraps, or a new one with [CauseUnknown].
func asFailure(err error) *Failure {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	return newFailure(CauseUnknown, err)
}
