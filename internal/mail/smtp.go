package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	netmail "net/mail"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail/smtp"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// SMTP sends messages to a mail server, with one connection for each message.
type SMTP struct {
	host     string
	port     int
	mode     TLSMode
	tls      *tls.Config
	username string
	password secret.Text
	from     *netmail.Address
	timeout  time.Duration
}

var _ Sender = (*SMTP)(nil)

// Send delivers one message within the configured timeout. It ignores errors after the server has
// accepted the message, since another attempt would deliver the message twice.
func (s *SMTP) Send(ctx context.Context, d *account.Delivery) error {
	raw, err := encode(d.Message, s.from)
	if err != nil {
		return newFailure(CauseUnknown, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()

	dialer := net.Dialer{Control: host.RefuseLinkLocal}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return newFailure(CauseConnect, err)
	}
	defer conn.Close()
	// The SMTP client does not support contexts. So when ctx ends, set a deadline in the past,
	// which ends all reads and writes.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	client, err := s.open(ctx, conn)
	if err != nil {
		return err
	}
	if err := s.deliver(client, toASCIIDomain(d.Message.To), raw); err != nil {
		return err
	}
	_ = client.Quit()
	return nil
}

// open starts an SMTP session: it sends EHLO, negotiates TLS and authenticates.
func (s *SMTP) open(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	if s.mode == ImplicitTLS {
		secured := tls.Client(conn, s.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, tlsFailure(err)
		}
		conn = secured
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, newFailure(CauseConnect, err)
	}
	if err := client.Hello(heloName(conn.LocalAddr())); err != nil {
		return nil, newFailure(CauseConnect, err)
	}
	if s.mode == StartTLS {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, newFailure(CauseNoStartTLS, errors.New("no STARTTLS in the answer to EHLO"))
		}
		if err := client.StartTLS(s.tls); err != nil {
			return nil, tlsFailure(err)
		}
	}
	if s.username != "" {
		if err := s.authenticate(client); err != nil {
			return nil, newFailure(CauseLogin, err)
		}
	}
	return client, nil
}

// authenticate uses the first mechanism that the client and the server both support. SCRAM comes
// first because it does not reveal the password to the server. PLAIN and LOGIN are allowed without
// TLS, because [NewSMTP] refuses credentials without TLS unless the mail server is on this
// machine.
func (s *SMTP) authenticate(client *smtp.Client) error {
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	password, allowUnencrypted := s.password.Reveal(), s.mode == NoTLS
	for _, mechanism := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.username, password)},
		{"PLAIN", smtp.PlainAuth("", s.username, password, s.host, allowUnencrypted)},
		{"LOGIN", smtp.LoginAuth(s.username, password, s.host, allowUnencrypted)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.username, password)},
	} {
		if slices.Contains(mechanisms, mechanism.name) {
			return client.Auth(mechanism.auth)
		}
	}
	return errors.New("the server offers no authentication mechanism that Usher supports")
}

// deliver sends one message to one recipient in an SMTP session that [SMTP.open] has started.
func (s *SMTP) deliver(client *smtp.Client, to string, raw []byte) error {
	// A message that requests SMTPUTF8 is undeliverable at relays that do not support it (RFC
	// 6531, section 3.5). So request it only for an address that is not ASCII.
	client.SkipSMTPUTF8(isASCII(s.from.Address) && isASCII(to))
	if err := client.Mail(angleAddress(s.from.Address)); err != nil {
		return newFailure(CauseSender, err)
	}
	if err := client.Rcpt(angleAddress(to)); err != nil {
		return newFailure(CauseRecipient, err)
	}
	body, err := client.Data()
	if err != nil {
		return newFailure(CauseMessage, err)
	}
	if _, err := body.Write(raw); err != nil {
		return newFailure(CauseUnknown, err) // the connection has failed
	}
	if err := body.Close(); err != nil {
		return newFailure(CauseMessage, err)
	}
	return nil
}

// angleAddress returns address in angle brackets and quoted if necessary, as the commands MAIL and
// RCPT require.
func angleAddress(address string) string { return (&netmail.Address{Address: address}).String() }

// isASCII reports whether s has only ASCII characters.
func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// tlsFailure returns a failure with [CauseCertificate] if the certificate is untrusted, because an
// administrator can fix that. For other errors it returns one with [CauseTLS].
func tlsFailure(err error) *Failure {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return newFailure(CauseCertificate, err)
	}
	return newFailure(CauseTLS, err)
}

// heloName returns the argument of EHLO (RFC 5321, section 4.1.4). It is the machine's name if
// that name is fully qualified. Otherwise it is an address literal with the local IP address of
// the connection.
func heloName(local net.Addr) string {
	if name, err := os.Hostname(); err == nil && strings.Contains(name, ".") && !strings.ContainsFunc(name, isControl) {
		return name
	}
	source, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return "localhost"
	}
	if ip := source.Addr().Unmap(); ip.Is4() {
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + source.Addr().WithZone("").String() + "]"
}
