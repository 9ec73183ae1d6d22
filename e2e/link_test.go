package e2e_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// link is the way of one server to PostgreSQL. A test can drop the packets on it:
// connections stay open, nothing arrives, and neither end is told.
type link struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	open  chan struct{} // closed while packets get through
	conns []net.Conn
}

func newLink(t *testing.T, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target, open: make(chan struct{})}
	close(l.open)
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		l.heal()
		l.mu.Lock()
		for _, conn := range l.conns {
			conn.Close()
		}
		l.mu.Unlock()
		work.Wait()
	})
	return l
}

// port is where the server connects to.
func (l *link) port() int { return l.listener.Addr().(*net.TCPAddr).Port }

// cut drops every packet from now on, until the link is healed.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = make(chan struct{})
}

// heal lets packets through again, also those that were sent meanwhile: the
// systems at both ends send them again until they arrive.
func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}

// wait returns when packets get through.
func (l *link) wait() {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	<-open
}

// carry joins a connection to one of its own to the target.
func (l *link) carry(near net.Conn) {
	l.wait()
	far, err := net.Dial("tcp", l.target)
	if err != nil {
		near.Close()
		return
	}
	l.mu.Lock()
	l.conns = append(l.conns, near, far)
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.copy(far, near) })
	both.Go(func() { l.copy(near, far) })
	both.Wait()
}

// copy carries one direction, and closes both ends when one is closed.
func (l *link) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		l.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}
