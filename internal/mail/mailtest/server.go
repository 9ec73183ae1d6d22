// Package mailtest is a mail server for tests. It speaks real SMTP on a free port of
// this machine, keeps what it is sent, and can be told to refuse or to be silent.
//
// The package imports mail, to read messages, and what only tests may import.
package mailtest

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// patience is how long a test waits for what must happen before it fails.
const patience = 20 * time.Second

// Options are what the server asks of its clients. The zero value wants STARTTLS
// and no authentication.
type Options struct {
	TLS      mail.TLSMode // empty: mail.StartTLS
	Username string       // empty: no authentication
	Password string
}

// Command is a step of a delivery that the server can refuse.
type Command string

// The commands, in the order of a delivery. Data is refused when the message has
// arrived.
const (
	Mail Command = "MAIL"
	Rcpt Command = "RCPT"
	Data Command = "DATA"
)

// Message is what the server was sent.
type Message struct {
	account.Message          // as its reader sees it
	Sender          string   // of the envelope
	Recipients      []string // of the envelope
	Raw             []byte   // as it travelled
}

// Server is a mail server that a test has started. Its methods may be called from
// any goroutine.
type Server struct {
	options Options
	address *net.TCPAddr
	caFile  string
	closed  chan struct{}

	mu       sync.Mutex
	messages []Message
	refusals map[Command]int
	held     chan struct{} // closed by Release; nil while nobody is held
	waiting  int           // clients held at the moment
	changed  chan struct{} // closed and replaced at each change of the above
}

// Start runs a server until the test ends.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	if options.TLS == "" {
		options.TLS = mail.StartTLS
	}
	certificate, caFile := makeCertificate(t)
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
	server.ErrorLog = log.New(io.Discard, "", 0) // broken connections are part of the tests
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
		// Close knows the listener only once Serve has got to it.
		_ = listener.Close()
		_ = server.Close()
		<-served
	})
	return s
}

// Addr is the server's address, host and port.
func (s *Server) Addr() string { return s.address.String() }

// Host is the server's address without the port. The certificate is valid for it,
// and for localhost.
func (s *Server) Host() string { return s.address.IP.String() }

// Port is the port that the server listens on.
func (s *Server) Port() int { return s.address.Port }

// CAFile is a PEM file with the root to trust.
func (s *Server) CAFile() string { return s.caFile }

// CA is what is in that file.
func (s *Server) CA(t testing.TB) string {
	t.Helper()
	pem, err := os.ReadFile(s.caFile)
	if err != nil {
		t.Fatalf("read the root: %v", err)
	}
	return string(pem)
}

// Messages returns all messages taken so far, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// WaitForMessage returns the nth message, from 1, as soon as the server has taken
// it.
func (s *Server) WaitForMessage(t testing.TB, n int) Message {
	t.Helper()
	s.waitUntil(t, "a message has come", func() bool { return len(s.messages) >= n })
	return s.Messages()[n-1]
}

// Refuse answers command with the reply code given, such as 451 or 550, from now on;
// 0 accepts it again.
func (s *Server) Refuse(command Command, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[command] = code
}

// Hold leaves every client that begins a delivery without an answer until
// [Server.Release].
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(chan struct{})
	}
}

// Release lets the held clients go on.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		close(s.held)
		s.held = nil
	}
}

// WaitForHeld returns as soon as n clients are held.
func (s *Server) WaitForHeld(t testing.TB, n int) {
	t.Helper()
	s.waitUntil(t, "a client is held", func() bool { return s.waiting >= n })
}

// waitUntil returns when done, which is called under the lock, is true.
func (s *Server) waitUntil(t testing.TB, what string, done func() bool) {
	t.Helper()
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		reached, changed := done(), s.changed
		s.mu.Unlock()
		if reached {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the mail server waited %s in vain until %s", patience, what)
		}
	}
}

// change runs f under the lock and wakes those who wait.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// pause keeps a client waiting while the server holds.
func (s *Server) pause() error {
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	if held == nil {
		return nil
	}
	s.change(func() { s.waiting++ })
	defer s.change(func() { s.waiting-- })
	select {
	case <-held:
		return nil
	case <-s.closed:
		return errors.New("the server is closed")
	}
}

// RefusalText is what the server says when it refuses: where it turns up, a server's
// words have been passed on.
const RefusalText = "words of the server"

// refusal is the answer to command, or nil to accept it.
func (s *Server) refusal(command Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := s.refusals[command]
	if code == 0 {
		return nil
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: RefusalText}
}
