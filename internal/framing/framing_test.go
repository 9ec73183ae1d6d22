package framing_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/framing"
)

// site is an HTTP server behind framing.Listener. It answers each request with its path and body.
type site struct {
	address string

	mu      sync.Mutex
	served  []string // the paths of all requests
	refused []string // why connections were refused
}

func start(t *testing.T, listen func(*site, net.Listener) net.Listener) *site {
	t.Helper()
	s := &site{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.served = append(s.served, r.URL.Path)
		s.mu.Unlock()
		fmt.Fprintf(w, "%s %s", r.URL.Path, body)
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listen(s, l)) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return s
}

// strict returns a listener that refuses ambiguous requests.
func strict(s *site, l net.Listener) net.Listener {
	return framing.Listener(l, func(_ net.Addr, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refused = append(s.refused, err.Error())
	})
}

// send sends text on one connection, in pieces of the given size, and returns the answers until the server closes the
// connection or has answered last.
func (s *site) send(t *testing.T, text string, piece int, last string) (answers []string) {
	t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		for len(text) > 0 {
			n := min(piece, len(text))
			if _, err := io.WriteString(c, text[:n]); err != nil {
				return
			}
			text = text[n:]
		}
	}()
	for in := bufio.NewReader(c); ; {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return answers // the server has closed the connection before it had read everything
		}
		answers = append(answers, fmt.Sprintf("%d %s", r.StatusCode, body))
		if answers[len(answers)-1] == last {
			return answers
		}
	}
}

const (
	host  = "Host: x\r\n"
	first = "GET /first HTTP/1.1\r\n" + host + "\r\n"
	last  = "GET /last HTTP/1.1\r\n" + host + "\r\n"
)

// requests are requests whose framing is clear, with the answers to them.
var requests = []struct{ name, text, answer string }{
	{"without a body", "GET /a HTTP/1.1\r\n" + host + "\r\n", "200 /a "},
	{"length", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", "200 /a hello"},
	{"length 0", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", "200 /a "},
	{"length of a GET", "GET /a HTTP/1.1\r\n" + host + "content-length:5\r\n\r\nhello", "200 /a hello"},
	{"length with leading zeros", "POST /a HTTP/1.1\r\n" + host + "Content-Length: \t005 \r\n\r\nhello", "200 /a hello"},
	{"a body with line ends", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\n\n\r\n\n", "200 /a \n\r\n\n"},
	{"a body like a request", fmt.Sprintf("POST /a HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", host, len(both), both),
		"200 /a " + both},
	{"chunks", "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" +
		"3\r\nhel\r\n02;x=\"y\"\r\nlo\r\n0\r\n\r\n", "200 /a hello"},
	{"chunks with line ends", "POST /a HTTP/1.1\r\n" + host + "transfer-encoding:CHUNKED\r\n\r\n" +
		"3\r\n\n\r\n\r\nA \r\n0123456789\r\n000\r\n\r\n", "200 /a \n\r\n0123456789"},
	{"a trailer", "POST /a HTTP/1.1\r\n" + host + "Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"1\r\nx\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n", "200 /a x"},
	{"an empty line after a body", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello\r\n", "200 /a hello"},
	{"a long header", "GET /a HTTP/1.1\r\nX: " + strings.Repeat("x", 20_000) + "\r\n" + host + "\r\n", "200 /a "},
}

// both is a request with both headers.
const both = "POST /a HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

// ambiguous are requests that a proxy may read in another way.
var ambiguous = []struct{ name, text string }{
	{"both headers", both},
	{"both headers, the other way", "POST /a HTTP/1.1\r\n" + host +
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
	{"both headers, in other case", "POST /a HTTP/1.1\r\n" + host +
		"tRANSFER-eNCODING: Chunked\r\nX: y\r\nCONTENT-length: 0\r\n\r\n0\r\n\r\n"},
	{"both headers, length 0", "POST /a HTTP/1.1\r\nContent-Length: 0\r\n" + host +
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"both headers, the length empty", "POST /a HTTP/1.1\r\n" + host +
		"Transfer-Encoding: chunked\r\nContent-Length:\r\n\r\n0\r\n\r\n"},
	{"two lengths", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
	{"two codings", "POST /a HTTP/1.1\r\n" + host +
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"a list of lengths", "POST /a HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\nhello"},
	{"a signed length", "POST /a HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\nhello"},
	{"chunks in HTTP/1.0", "POST /a HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"chunks in HTTP/1.0, kept alive", "POST /a HTTP/1.0\r\n" + host +
		"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"LF after the request line", "GET /a HTTP/1.1\n" + host + "\r\n"},
	{"LF after a header", "GET /a HTTP/1.1\r\nX: y\n" + host + "\r\n"},
	{"LF at the end of the head", "GET /a HTTP/1.1\r\n" + host + "\n"},
	{"LF everywhere", "GET /a HTTP/1.1\nHost: x\n\n"},
	{"LF before the request", "\nGET /a HTTP/1.1\r\n" + host + "\r\n"},
	{"LF that hides a header", "GET /a HTTP/1.1\r\nX: y\nContent-Length: 5\r\n" + host + "\r\nhello"},
	{"a folded header", "GET /a HTTP/1.1\r\nX: y\r\n z\r\n" + host + "\r\n"},
	{"a folded coding", "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n"},
}

// pieces are the sizes in which tests send requests: a byte, a few bytes, and all at once.
var pieces = []int{1, 7, 1 << 20}

// TestClearFraming sends each request after another one and before another one on the same connection. All are
// answered, in whatever pieces they arrive.
func TestClearFraming(t *testing.T) {
	s := start(t, strict)
	for _, r := range requests {
		for _, piece := range pieces {
			got := s.send(t, first+r.text+last, piece, "200 /last ")
			if want := []string{"200 /first ", r.answer, "200 /last "}; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, in pieces of %d: got %q, want %q", r.name, piece, got, want)
			}
		}
	}
	if len(s.refused) > 0 {
		t.Errorf("refused: %q", s.refused)
	}
}

// TestAmbiguousFraming sends each ambiguous request first on a connection, and after each kind of body. The server
// answers 400 and closes the connection: neither the request nor the one after it reaches a handler.
func TestAmbiguousFraming(t *testing.T) {
	for _, before := range append(requests, struct{ name, text, answer string }{name: "nothing"}) {
		s, sent := start(t, strict), 0
		for _, r := range ambiguous {
			for _, piece := range pieces {
				text := before.text + r.text + last
				got := s.send(t, text, piece, "200 /last ")
				sent++
				var want []string
				if before.answer != "" {
					want = []string{before.answer}
				}
				// http.Server closes a kept connection without an answer when its next four bytes can't be read. An answer
				// is also lost when the client sends more after it.
				if len(text) < piece && r.text[0] != '\n' || len(got) > len(want) {
					want = append(want, "400 400 Bad Request")
				}
				if fmt.Sprint(got) != fmt.Sprint(want) && (len(text) < piece || len(got) > 0) {
					t.Errorf("%s after %s, in pieces of %d: got %q, want %q", r.name, before.name, piece, got, want)
				}
			}
		}
		wantServed := 0
		if before.answer != "" {
			wantServed = sent
		}
		s.mu.Lock()
		if len(s.refused) != sent || len(s.served) != wantServed {
			t.Errorf("after %s: served %d and refused %d of %d", before.name, len(s.served), len(s.refused), sent)
		}
		s.mu.Unlock()
	}
}

// TestHTTPServerAcceptsAmbiguity shows why this package exists. When it fails, net/http has become stricter.
func TestHTTPServerAcceptsAmbiguity(t *testing.T) {
	s := start(t, func(_ *site, l net.Listener) net.Listener { return l })
	for _, text := range []string{both, "GET /a HTTP/1.1\nHost: x\n\n"} {
		if got := s.send(t, text+last, 1<<20, "200 /last "); len(got) != 2 || got[0] != "200 /a " {
			t.Errorf("%q is answered with %q", text, got)
		}
	}
}

// TestUnreadBodyIsAnswered sends a body that is too large for the server to read. The client must still receive the
// answer, for which http.Server needs CloseWrite.
func TestUnreadBodyIsAnswered(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{}, 1)
	wrapped := framing.Listener(watched{l, closed}, func(net.Addr, error) {})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10))
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(wrapped) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\n"+host+"Content-Length: 1000000\r\n\r\n12345678901"); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatalf("%v, %v", r, err)
	}
	<-closed
	_ = server.Close()
	<-ended
}

// watched is a listener whose connections report that CloseWrite was called.
type watched struct {
	net.Listener
	closed chan<- struct{}
}

func (l watched) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return watchedConn{c, l.closed}, err
}

type watchedConn struct {
	net.Conn
	closed chan<- struct{}
}

func (c watchedConn) CloseWrite() error {
	c.closed <- struct{}{}
	return c.Conn.(*net.TCPConn).CloseWrite()
}
