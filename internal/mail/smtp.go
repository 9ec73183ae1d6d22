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

// SMTP delivers messages to a mail server, one connection each.
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

// NewSMTP returns the transport that config describes. Its error names every fault
// of config at once.
func NewSMTP(config SMTPConfig) (*SMTP, error) {
	return config.transport()
}

// Send delivers one message within the configured time-out. Once the server has
// taken the message nothing counts as a failure any more, for another attempt would
// deliver it twice.
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
	// The SMTP client knows no context: when ours ends, so do its reads and writes.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	client, err := s.open(ctx, conn)
	if err != nil {
		return err
	}
	if err := s.deliver(client, withASCIIDomain(d.Message.To), raw); err != nil {
		return err
	}
	_ = client.Quit()
	return nil
}

// open greets the server, secures the connection and signs in.
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

// authenticate signs in by the first mechanism that both sides know. SCRAM comes
// first because it keeps the password from the server's view. Settings with a
// password and without TLS are refused unless the server is this machine.
func (s *SMTP) authenticate(client *smtp.Client) error {
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	password, plain := s.password.Reveal(), s.mode == NoTLS
	for _, known := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.username, password)},
		{"PLAIN", smtp.PlainAuth("", s.username, password, s.host, plain)},
		{"LOGIN", smtp.LoginAuth(s.username, password, s.host, plain)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.username, password)},
	} {
		if slices.Contains(mechanisms, known.name) {
			return client.Auth(known.auth)
		}
	}
	return errors.New("the server offers no way to authenticate that Usher knows")
}

// deliver sends one message to one address.
func (s *SMTP) deliver(client *smtp.Client, to string, raw []byte) error {
	// Without need, SMTPUTF8 makes the message undeliverable at servers further on
	// that do not know it (RFC 6531, section 3.5).
	client.SkipSMTPUTF8(isASCII(s.from.Address) && isASCII(to))
	if err := client.Mail(path(s.from.Address)); err != nil {
		return newFailure(CauseSender, err)
	}
	if err := client.Rcpt(path(to)); err != nil {
		return newFailure(CauseRecipient, err)
	}
	body, err := client.Data()
	if err != nil {
		return newFailure(CauseMessage, err)
	}
	if _, err := body.Write(raw); err != nil {
		return newFailure(CauseUnknown, err) // the connection broke
	}
	if err := body.Close(); err != nil {
		return newFailure(CauseMessage, err)
	}
	return nil
}

// path is address as an SMTP command takes it, in angle brackets and quoted where
// need be.
func path(address string) string { return (&netmail.Address{Address: address}).String() }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// tlsFailure tells a certificate that is not trusted, which an operator can mend,
// from other faults of TLS.
func tlsFailure(err error) *Failure {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return newFailure(CauseCertificate, err)
	}
	return newFailure(CauseTLS, err)
}

// heloName is what Usher calls itself: the machine's name if it is a full one, else
// the address that it speaks from (RFC 5321, section 4.1.4).
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
