package mailtest

import (
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// session is one client's connection.
type session struct {
	server     *Server
	conn       *smtp.Conn
	signedIn   bool
	sender     string
	recipients []string
}

var _ smtp.AuthSession = (*session)(nil)

// AuthMechanisms offers what most mail servers do.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks the credentials of the options.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.server.options.Username || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.signedIn = true
		return nil
	}), nil
}

// Mail begins a delivery.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := s.server.pause(); err != nil {
		return err
	}
	if _, secured := s.conn.TLSConnectionState(); !secured && s.server.options.TLS != mail.NoTLS {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}
	}
	if s.server.options.Username != "" && !s.signedIn {
		return smtp.ErrAuthRequired
	}
	s.sender, s.recipients = from, nil
	return s.server.refusal(Mail)
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.recipients = append(s.recipients, to)
	return s.server.refusal(Rcpt)
}

// Data takes the message.
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
	s.server.change(func() {
		s.server.messages = append(s.server.messages, Message{
			Message: parsed, Sender: s.sender, Recipients: s.recipients, Raw: raw,
		})
	})
	return nil
}

// Reset forgets the delivery begun.
func (s *session) Reset() { s.sender, s.recipients = "", nil }

// Logout ends the session.
func (s *session) Logout() error { return nil }
