package connlimit

import (
	"container/list"
	"net"
	"time"
)

// listener applies the limits to the connections that it accepts.
type listener struct {
	net.Listener
	limiter *Limiter
}

// Accept waits for the next connection and counts it.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: accepted, limiter: l.limiter, peer: l.limiter.peerOf(accepted.RemoteAddr())}
	if replaced := l.limiter.admit(c); replaced != nil {
		_ = replaced.Conn.Close() // its goroutine notices, and closes it again
	}
	return c, nil
}

// conn is a counted connection. The mutex of the limiter guards its fields.
type conn struct {
	net.Conn
	limiter  *Limiter
	peer     Peer
	excess   bool          // set before Accept returns, then constant
	released bool          // not counted any more
	element  *list.Element // of the list that has it: excess or waiting; nil: a request is being served
	since    time.Time     // when it began to wait
}

// Close closes the connection and stops counting it.
func (c *conn) Close() error {
	c.limiter.mu.Lock()
	c.limiter.uncount(c)
	c.limiter.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite shuts the writing side down. net/http does so before it closes a connection whose client still sends, so
// that the client can read the answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
