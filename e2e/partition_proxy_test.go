package e2e_test

import (
	"net"
	"sync"
	"testing"
)

// partitionProxy is a TCP proxy between one server and PostgreSQL that can simulate a network partition. During a
// partition connections stay open, no bytes arrive, and neither end gets an error.
type partitionProxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	healed chan struct{} // closed while there is no partition
	conns  []net.Conn
}

func newPartitionProxy(t *testing.T, target string) *partitionProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &partitionProxy{listener: listener, target: target, healed: make(chan struct{})}
	close(p.healed)
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() { p.forward(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.heal()
		p.mu.Lock()
		for _, conn := range p.conns {
			conn.Close()
		}
		p.mu.Unlock()
		work.Wait()
	})
	return p
}

// port returns the port on which the proxy accepts connections of the server.
func (p *partitionProxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// partition stops forwarding bytes until heal is called.
func (p *partitionProxy) partition() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = make(chan struct{})
}

// heal ends the partition. Bytes that were sent during the partition arrive now, as with TCP retransmission.
func (p *partitionProxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.healed:
	default:
		close(p.healed)
	}
}

// awaitHealed waits until there is no partition.
func (p *partitionProxy) awaitHealed() {
	p.mu.Lock()
	healed := p.healed
	p.mu.Unlock()
	<-healed
}

// forward connects to PostgreSQL and forwards the bytes of a client connection in both directions.
func (p *partitionProxy) forward(client net.Conn) {
	p.awaitHealed()
	upstream, err := net.Dial("tcp", p.target)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, client, upstream)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.forwardOneWay(upstream, client) })
	both.Go(func() { p.forwardOneWay(client, upstream) })
	both.Wait()
}

// forwardOneWay forwards bytes from one connection to the other. When one of them ends, it closes both.
func (p *partitionProxy) forwardOneWay(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.awaitHealed()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
