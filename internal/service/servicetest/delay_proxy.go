package servicetest

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// StartDelayProxy listens on the loopback address and forwards each connection to the address
// target. It delays the data in each direction by delay. It returns the port that it listens on.
func StartDelayProxy(t *testing.T, target string, delay time.Duration) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections sync.WaitGroup
	t.Cleanup(func() { // runs after the cleanup of the store, because the store is opened later
		listener.Close()
		connections.Wait()
	})
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			connections.Go(func() { copyDelayed(client, server, delay) })
			connections.Go(func() { copyDelayed(server, client, delay) })
		}
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// copyDelayed copies data from source to destination, and delays it by delay. When source ends, it
// closes both connections.
func copyDelayed(source io.ReadCloser, destination io.WriteCloser, delay time.Duration) {
	type packet struct {
		due  time.Time
		data []byte
	}
	packets := make(chan packet, 1024)
	go func() {
		defer close(packets)
		for {
			data := make([]byte, 64<<10)
			n, err := source.Read(data)
			if err != nil {
				return
			}
			packets <- packet{due: time.Now().Add(delay), data: data[:n]}
		}
	}()
	for p := range packets {
		time.Sleep(time.Until(p.due))
		_, _ = destination.Write(p.data) // the other connection reports a failure
	}
	_ = errors.Join(destination.Close(), source.Close())
}
