package e2e_test

import (
	"net"
	"sync"
	"testing"
)

// partitionProxy is a TCP proxy between one server and PostgreSQL that can simulate a network partition: connections
// stay open, no bytes arrive, and neither end gets an error.
type partitionProxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	healed chan struct{} // closed while bytes are forwarded
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

// port is the port that the server connects to.
func (p *partitionProxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// partition forwards no bytes until heal is called.
func (p *partitionProxy) partition() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = make(chan struct{})
}

// heal ends the partition. Bytes that were sent during it arrive then, as TCP retransmits them.
func (p *partitionProxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.healed:
	default:
		close(p.healed)
	}
}

// awaitHealed returns when there is no partition.
func (p *partitionProxy) awaitHealed() {
	p.mu.Lock()
	healed := p.healed
	p.mu.Unlock()
	<-healed
}

// forward connects to the target and forwards bytes in both directions.
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

// forwardOneWay forwards bytes in one direction. When one connection ends it closes both.
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
