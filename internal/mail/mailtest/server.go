// Package mailtest is an SMTP server for tests. It listens on a free port of this machine and
// stores the messages that it receives. A test can make the server refuse commands or delay
// replies.
package mailtest

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// waitTimeout is how long a test waits for an event before the test fails.
const waitTimeout = 20 * time.Second

// Options say what the server requires of its clients. The zero value requires STARTTLS and
// no authentication.
type Options struct {
	TLS      mail.TLSMode // empty for mail.StartTLS
	Username string       // empty for no authentication
	Password string
}

// Command is an SMTP command that the server can refuse.
type Command string

// The commands of a delivery, in order. The server refuses Data only after it has received
// the message.
const (
	Mail Command = "MAIL"
	Rcpt Command = "RCPT"
	Data Command = "DATA"
)

// Message is a message that the server has received.
type Message struct {
	account.Message          // the message, parsed
	Sender          string   // sender from the MAIL command
	Recipients      []string // recipients from the RCPT commands
	Raw             []byte   // the message as received
}

// Server is a running SMTP server for tests. It is safe for concurrent use.
type Server struct {
	options Options
	address *net.TCPAddr
	caFile  string
	closed  chan struct{}

	mu             sync.Mutex
	messages       []Message
	refusals       map[Command]int
	stalled        chan struct{} // closed by Resume; nil if the server does not stall
	stalledClients int           // number of clients that wait for a reply until Resume
	changed        chan struct{} // closed and replaced whenever one of the fields above changes
}

// Start starts a server that runs until the test ends.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	if options.TLS == "" {
		options.TLS = mail.StartTLS
	}
	certificate, caFile := newCertificate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s := &Server{
		options:  options,
		address:  listener.Addr().(*net.TCPAddr),
		caFile:   caFile,
		closed:   make(chan struct{}),
		refusals: map[Command]int{},
		changed:  make(chan struct{}),
	}

	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	server.Domain = "localhost"
	server.ErrorLog = log.New(io.Discard, "", 0) // no log: tests break connections on purpose
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	switch options.TLS {
	case mail.StartTLS:
		server.TLSConfig = config
	case mail.ImplicitTLS:
		listener = tls.NewListener(listener, config)
	case mail.NoTLS:
		server.AllowInsecureAuth = true
	}

	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		close(s.closed)
		// If Serve has not registered the listener yet, server.Close does not close it.
		_ = listener.Close()
		_ = server.Close()
		<-served
	})
	return s
}

// Addr returns the server's address in the form host:port.
func (s *Server) Addr() string { return s.address.String() }

// Host returns the server's IP address. The certificate is valid for this address and for
// localhost.
func (s *Server) Host() string { return s.address.IP.String() }

// Port returns the server's port.
func (s *Server) Port() int { return s.address.Port }

// CAFile returns the path of a PEM file with the certificate that clients must trust.
func (s *Server) CAFile() string { return s.caFile }

// CA returns the certificate that clients must trust, as PEM.
func (s *Server) CA(t testing.TB) string {
	t.Helper()
	pem, err := os.ReadFile(s.caFile)
	if err != nil {
		t.Fatalf("read the root certificate: %v", err)
	}
	return string(pem)
}

// Messages returns all messages that the server has received, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// WaitForMessage waits until the server has received n messages, and returns the last of
// them.
func (s *Server) WaitForMessage(t testing.TB, n int) Message {
	t.Helper()
	return s.WaitForMessageWith(t, "", n)
}

// WaitForMessageWith waits until the server has received n messages whose text part contains text,
// and returns the last of them.
func (s *Server) WaitForMessageWith(t testing.TB, text string, n int) (found Message) {
	t.Helper()
	s.waitUntil(t, "a message", func() bool {
		count := 0
		for _, m := range s.messages {
			if strings.Contains(m.Text, text) {
				if count++; count == n {
					found = m
				}
			}
		}
		return count >= n
	})
	return found
}

// Refuse makes the server reply to command with an error code, such as 451 or 550. With the
// code 0 the server accepts the command again.
func (s *Server) Refuse(command Command, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[command] = code
}

// Stall makes the server send no reply to MAIL commands until [Server.Resume].
func (s *Server) Stall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stalled == nil {
		s.stalled = make(chan struct{})
	}
}

// Resume ends a stall: the server replies to the waiting clients.
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stalled != nil {
		close(s.stalled)
		s.stalled = nil
	}
}

// WaitForStalled waits until n clients are waiting for a reply during a stall.
func (s *Server) WaitForStalled(t testing.TB, n int) {
	t.Helper()
	s.waitUntil(t, "a stalled client", func() bool { return s.stalledClients >= n })
}

// waitUntil waits until condition returns true. condition is called with mu locked. event
// names the condition if the test fails.
func (s *Server) waitUntil(t testing.TB, event string, condition func() bool) {
	t.Helper()
	timeout := time.After(waitTimeout)
	for {
		s.mu.Lock()
		reached, changed := condition(), s.changed
		s.mu.Unlock()
		if reached {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the mail server timed out after %s waiting for %s", waitTimeout, event)
		}
	}
}

// update calls f with mu locked. Then it wakes the callers of waitUntil, which check their
// conditions again.
func (s *Server) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// waitWhileStalled returns at once unless the server stalls. It then waits until the stall
// ends. It fails if the server is closed.
func (s *Server) waitWhileStalled() error {
	s.mu.Lock()
	stalled := s.stalled
	s.mu.Unlock()
	if stalled == nil {
		return nil
	}
	s.update(func() { s.stalledClients++ })
	defer s.update(func() { s.stalledClients-- })
	select {
	case <-stalled:
		return nil
	case <-s.closed:
		return errors.New("the server is closed")
	}
}

// RefusalText is the text of each error reply. Tests check that Usher neither logs nor
// returns this text, because the text of a mail server can quote the message.
const RefusalText = "words of the server"

// refusal returns the error reply to command, or nil if the server accepts the command.
func (s *Server) refusal(command Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := s.refusals[command]
	if code == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: RefusalText}
}
