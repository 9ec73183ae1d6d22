package connlimit_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/connlimit"
)

// pipeListener accepts connections that the test makes with dial.
type pipeListener struct {
	accepted chan net.Conn
	closing  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	c, ok := <-l.accepted
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close makes Accept fail.
func (l *pipeListener) Close() error {
	l.closing.Do(func() { close(l.accepted) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// remote is the server's end of a connection from an address.
type remote struct {
	net.Conn
	address string
}

func (r remote) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(r.address + ":4000"))
}

// proxyAddress is the address of the trusted proxy.
const proxyAddress = "10.0.0.1"

// site is an HTTP server with limited connections. Requests for /hold wait until release is closed. It answers with
// "in excess" or "within".
type site struct {
	t       *testing.T
	limiter *connlimit.Limiter
	inner   *pipeListener
	held    chan struct{} // receives when a request for /hold is being served
	release chan struct{}
}

func newSite(t *testing.T, limits connlimit.Limits) *site {
	s := &site{
		t: t, inner: &pipeListener{accepted: make(chan net.Conn)},
		held: make(chan struct{}), release: make(chan struct{}),
	}
	s.limiter = connlimit.New(limits, func(a net.Addr) connlimit.Peer {
		host, _, _ := net.SplitHostPort(a.String())
		return connlimit.Peer{Network: host, Proxy: host == proxyAddress}
	})
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		ConnState:         s.limiter.ConnState, ConnContext: s.limiter.ConnContext,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hold" {
				s.held <- struct{}{}
				<-s.release
			}
			if connlimit.InExcess(r.Context()) {
				w.Header().Set("Connection", "close")
				fmt.Fprint(w, "in excess")
				return
			}
			fmt.Fprint(w, "within")
		}),
	}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(s.limiter.Listen(s.inner)) })
	t.Cleanup(func() {
		_ = server.Close()
		served.Wait()
	})
	return s
}

// client is the client's end of a connection.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// dial opens a connection from an address and waits until the server accepts it.
func (s *site) dial(address string) *client {
	s.t.Helper()
	near, far := net.Pipe()
	_ = near.SetDeadline(time.Now().Add(30 * time.Second))
	s.t.Cleanup(func() { _ = near.Close() })
	s.inner.accepted <- remote{far, address}
	return &client{s.t, near, bufio.NewReader(near)}
}

// get sends a request and returns the body of its answer, or "closed" if the server has closed the connection.
func (c *client) get(path string) string {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return "closed"
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return "closed"
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	return string(body)
}

// hold sends a request that the server serves until s.release is closed, and waits until it is served.
func (s *site) hold(c *client) {
	s.t.Helper()
	if _, err := io.WriteString(c.conn, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	<-s.held
}

// want sends a request, checks the body of its answer, and waits until the server is idle.
func (c *client) want(body string) {
	c.t.Helper()
	if got := c.get("/"); got != body {
		c.t.Errorf("the answer is %q, want %q", got, body)
	}
	synctest.Wait()
}

// withSite runs a test with a site whose connections are limited.
func withSite(t *testing.T, limits connlimit.Limits, test func(s *site)) {
	synctest.Test(t, func(t *testing.T) { test(newSite(t, limits)) })
}

// TestNetworkLimit holds as many connections of one network as are allowed. A further one of this network is in excess;
// one of another network is not.
func TestNetworkLimit(t *testing.T) {
	withSite(t, connlimit.Limits{Total: 10, PerNetwork: 2, Excess: 2}, func(s *site) {
		for range 2 {
			s.hold(s.dial("192.0.2.1"))
		}
		s.dial("192.0.2.1").want("in excess")
		s.dial("192.0.2.2").want("within")
		if open, refused := s.limiter.Counts(); open < 3 || refused != 1 {
			t.Errorf("%d connections are open, %d were refused", open, refused)
		}
		close(s.release)
	})
}

// TestTotalLimit holds as many connections as are allowed, from different networks.
func TestTotalLimit(t *testing.T) {
	withSite(t, connlimit.Limits{Total: 3, PerNetwork: 2, Excess: 2}, func(s *site) {
		for i := range 3 {
			s.hold(s.dial(fmt.Sprintf("192.0.2.%d", i)))
		}
		s.dial("192.0.2.9").want("in excess")
		close(s.release)
	})
}

// TestProxyIsNotANetwork checks that the connections of a trusted proxy count in total only.
func TestProxyIsNotANetwork(t *testing.T) {
	withSite(t, connlimit.Limits{Total: 5, PerNetwork: 1, Excess: 1}, func(s *site) {
		for range 4 {
			s.hold(s.dial(proxyAddress))
		}
		s.dial(proxyAddress).want("within")
		close(s.release)
	})
}

// TestWaitingConnectionIsReplaced checks that a new connection closes the one that has waited longest for a request, of
// its own network if that is at its limit.
func TestWaitingConnectionIsReplaced(t *testing.T) {
	withSite(t, connlimit.Limits{Total: 3, PerNetwork: 2, Excess: 1}, func(s *site) {
		other := s.dial("192.0.2.9")
		first, second := s.dial("192.0.2.1"), s.dial("192.0.2.1")
		s.dial("192.0.2.1").want("in excess") // nobody has waited long enough
		time.Sleep(time.Second)               // of the test's clock
		first.want("within")                  // from now on, second has waited longest
		time.Sleep(time.Second)
		third := s.dial("192.0.2.1")
		third.want("within")
		second.want("closed")
		other.want("within")
		first.want("within")
		time.Sleep(time.Second)
		s.dial("192.0.2.2").want("within") // the total is reached, and third has waited longest
		third.want("closed")
		first.want("within")
		if _, refused := s.limiter.Counts(); refused != 1 {
			t.Errorf("%d connections were refused", refused)
		}
	})
}

// TestExcessIsBounded checks that a new connection in excess replaces the oldest one, so that a request on it is
// answered while silent connections wait.
func TestExcessIsBounded(t *testing.T) {
	withSite(t, connlimit.Limits{Total: 1, PerNetwork: 1, Excess: 3}, func(s *site) {
		s.hold(s.dial("192.0.2.1"))
		var silent []*client
		for range 20 {
			silent = append(silent, s.dial("192.0.2.1"))
		}
		s.dial("192.0.2.1").want("in excess")
		for i, c := range silent {
			if want := map[bool]string{true: "in excess", false: "closed"}[i >= 18]; c.get("/") != want {
				t.Errorf("silent connection %d is not %s", i, want)
			}
		}
		close(s.release)
	})
}

// TestClosedConnectionsAreNotCounted opens and closes connections of every kind at once, and checks that none is left.
func TestClosedConnectionsAreNotCounted(t *testing.T) {
	withSite(t, connlimit.Limits{Total: 4, PerNetwork: 2, Excess: 2}, func(s *site) {
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				for n := range 50 {
					c := s.dial(fmt.Sprintf("192.0.2.%d", i%3))
					if n%2 == 0 {
						c.get("/")
					}
					_ = c.conn.Close()
				}
			})
		}
		all.Wait()
		synctest.Wait()
		if open, _ := s.limiter.Counts(); open != 0 {
			t.Errorf("%d connections are still counted", open)
		}
		for range 2 {
			s.hold(s.dial("192.0.2.1"))
		}
		s.dial("192.0.2.1").want("in excess")
		close(s.release)
	})
}
