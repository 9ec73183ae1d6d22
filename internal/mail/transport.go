package mail

import (
	"context"
	"errors"
	"net"
	"net/textproto"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Transport hands one message on. It ends within a time of its own choosing, and
// a failure of it is a [*Failure].
type Sender interface {
	Send(ctx context.Context, d *account.Delivery) error
}

// The causes of a [Failure], for people. They are all there is: none holds a word
// that a server said, since a server may quote the message or the address.
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

// Failure is why a message was not delivered.
type Failure struct {
	Cause     string // one of the causes above
	Code      int    // the server's reply (RFC 5321, section 4.2); 0 where it gave none
	Permanent bool   // the recipient or the message was refused for good: another attempt is useless
	Err       error  // may quote the server: not for the log
}

// Error returns the cause alone, so that a failure is safe to log.
func (f *Failure) Error() string { return f.Cause }

// Unwrap returns the underlying error, which is not safe to log.
func (f *Failure) Unwrap() error { return f.Err }

// newFailure describes err, which happened at the step that cause stands for. Only
// a 5xx answer to the recipient or to the message is permanent: whatever else a
// server refuses for good, its or Usher's settings can mend.
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

// asFailure returns the [Failure] in err's chain, or one that says as little as is
// known.
func asFailure(err error) *Failure {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	return newFailure(CauseUnknown, err)
}
