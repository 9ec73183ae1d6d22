// Package framing refuses HTTP/1 requests whose framing is ambiguous: requests that a proxy in front of the server may
// divide from the byte stream in another way than net/http does. A client could otherwise hide a second request in the
// body of the first one (request smuggling; RFC 9112, 11.2).
//
// net/http accepts some of these requests and doesn't show their form to handlers. So this package follows the byte
// stream of each connection, and net/http still parses every request.
package framing

import "net"

// Listener returns a listener whose connections refuse a request that has
//   - more than one of the headers Content-Length and Transfer-Encoding, or one of them twice (RFC 9112, 6.1 and 6.3);
//   - a Content-Length that is not a decimal number;
//   - Transfer-Encoding and a version other than HTTP/1.1 (RFC 9112, 6.1);
//   - a line that ends with LF instead of CRLF: in its head, its chunked framing or its trailer (RFC 9112, 2.2);
//   - a header line that continues the line before it (RFC 9112, 5.2).
//
// Reading such a request fails before its head is complete, so http.Server never calls its handler. http.Server then
// answers with 400 and closes the connection. Listener calls refused with each such failure; refused must not block.
func Listener(l net.Listener, refused func(client net.Addr, err error)) net.Listener {
	return &listener{Listener: l, refused: refused}
}

type listener struct {
	net.Listener
	refused func(client net.Addr, err error)
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, refused: l.refused}, nil
}

// conn is a connection that checks what it reads. Like http.Server, it needs no lock: there is one read at a time.
type conn struct {
	net.Conn
	refused func(client net.Addr, err error)
	checker checker
	err     error // why the connection is refused; nil: it is not
}

// Read reads from the connection. It fails when it reads a line that the server must refuse, and from then on. It never
// returns the end of such a line.
func (c *conn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(p)
	checked, refusal := c.checker.check(p[:n])
	if refusal != nil {
		c.err = refusal
		c.refused(c.RemoteAddr(), refusal)
		return checked, refusal
	}
	return n, err
}

// CloseWrite closes the sending half of the connection. http.Server calls it before it closes a connection from which
// it has not read everything, so that the client still receives the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
