package mailtest

import (
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// session is the SMTP session of one connection. It implements smtp.Session of go-smtp.
type session struct {
	server        *Server
	conn          *smtp.Conn
	authenticated bool
	sender        string
	recipients    []string
}

var _ smtp.AuthSession = (*session)(nil)

// AuthMechanisms returns PLAIN if the options require authentication, else none.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth authenticates a client that has the credentials in the options.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.server.options.Username || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.authenticated = true
		return nil
	}), nil
}

// Mail handles the command MAIL, which starts a delivery.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.server.waitWhileStalled(); err != nil {
		return err
	}
	if _, secured := s.conn.TLSConnectionState(); !secured && s.server.options.TLS != mail.NoTLS {
		return &smtp.SMTPError{
			Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first",
		}
	}
	if s.server.options.Username != "" && !s.authenticated {
		return smtp.ErrAuthRequired
	}
	s.sender, s.recipients = from, nil
	return s.server.refusal(Mail)
}

// Rcpt handles the command RCPT, which adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.recipients = append(s.recipients, to)
	return s.server.refusal(Rcpt)
}

// Data handles the command DATA: it receives and stores the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.refusal(Data); err != nil {
		return err
	}
	parsed, err := mail.Parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not a message"}
	}
	s.server.update(func() {
		s.server.messages = append(s.server.messages, Message{
			Message: parsed, Sender: s.sender, Recipients: s.recipients, Raw: raw,
		})
	})
	return nil
}

// Reset handles the command RSET, which discards the current delivery.
func (s *session) Reset() { s.sender, s.recipients = "", nil }

// Logout does nothing. go-smtp calls it at the end of the session.
func (s *session) Logout() error { return nil }
