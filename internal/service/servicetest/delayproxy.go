package servicetest

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// distance listens for connections to an address, and carries what is sent there
// or back so much later. It returns its port.
func StartDelayProxy(t *testing.T, to string, later time.Duration) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() { // the store, which was opened later, is closed by now
		listener.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			work.Go(func() { copyDelayed(near, far, later) })
			work.Go(func() { copyDelayed(far, near, later) })
		}
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// carryLate ends both connections with the one that it reads.
func copyDelayed(from io.ReadCloser, to io.WriteCloser, later time.Duration) {
	type packet struct {
		due  time.Time
		data []byte
	}
	under := make(chan packet, 1024)
	go func() {
		defer close(under)
		for {
			data := make([]byte, 64<<10)
			n, err := from.Read(data)
			if err != nil {
				return
			}
			under <- packet{time.Now().Add(later), data[:n]}
		}
	}()
	for p := range under {
		time.Sleep(time.Until(p.due))
		_, _ = to.Write(p.data) // a failure shows at the other end
	}
	_ = errors.Join(to.Close(), from.Close())
}
