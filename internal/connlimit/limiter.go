// Package connlimit bounds the connections of a server, in total and for each client network.
//
// A connection over a limit replaces one that has waited a second for a request, the longest-waiting first. If there is
// none, it is accepted and marked as excess: the server answers one request on it, with a refusal or with its health, and closes it.
// Health checks therefore work while clients hold all connections.
package connlimit

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// minWait is how long a connection must have waited for a request before it can be replaced. A request may have arrived
// that the server has not read yet.
const minWait = time.Second

// Limits bounds the connections of a server.
type Limits struct {
	Total      int // connections at once, without those in excess
	PerNetwork int // of them from one client network; trusted proxies have no such limit
	Excess     int // connections in excess at once; a further one replaces the oldest
}

// Peer is the other end of a connection.
type Peer struct {
	Network string // client network
	Proxy   bool   // a trusted proxy, whose connections are those of many clients
}

// Limiter applies [Limits] to the connections of a listener. It is safe for concurrent use.
type Limiter struct {
	limits Limits
	peerOf func(net.Addr) Peer

	mu      sync.Mutex
	open    int          // connections, without those in excess
	peers   map[Peer]int // of them by peer
	waiting list.List    // of *conn: those without a request, in the order in which they began to wait
	excess  list.List    // of *conn: those over the limits, in the order of their arrival
	refused uint64
}

// New returns a Limiter. peerOf names the peer of a remote address.
func New(limits Limits, peerOf func(net.Addr) Peer) *Limiter {
	return &Limiter{limits: limits, peerOf: peerOf, peers: map[Peer]int{}}
}

// Listen returns a listener that accepts the connections of inner within the limits. The [http.Server] that serves it
// must have ConnState and ConnContext of the Limiter as its hooks.
func (l *Limiter) Listen(inner net.Listener) net.Listener {
	return &listener{Listener: inner, limiter: l}
}

// Counts returns the number of open connections, including those in excess, and how many connections were in excess
// since the start.
func (l *Limiter) Counts() (open int, refused uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open + l.excess.Len(), l.refused
}

// ConnState is the hook [http.Server.ConnState].
func (l *Limiter) ConnState(c net.Conn, state http.ConnState) {
	limited, ok := c.(*conn)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if limited.excess || limited.released {
		return
	}
	switch state {
	case http.StateActive: // the header of a request was read
		l.stopWaiting(limited)
	case http.StateIdle:
		l.startWaiting(limited)
	}
}

type excessKey struct{}

// ConnContext is the hook [http.Server.ConnContext].
func (l *Limiter) ConnContext(ctx context.Context, c net.Conn) context.Context {
	if limited, ok := c.(*conn); ok && limited.excess {
		return context.WithValue(ctx, excessKey{}, true)
	}
	return ctx
}

// InExcess reports whether the request of the context came on a connection in excess.
func InExcess(ctx context.Context) bool { return ctx.Value(excessKey{}) != nil }

// admit counts a new connection. If the limits leave no room, it returns the connection to close in its place, or nil.
func (l *Limiter) admit(c *conn) (replaced *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !c.peer.Proxy && l.peers[c.peer] >= l.limits.PerNetwork:
		replaced = l.longestWaiting(func(other *conn) bool { return other.peer == c.peer })
	case l.open >= l.limits.Total:
		replaced = l.longestWaiting(func(*conn) bool { return true })
	default:
		l.count(c)
		return nil
	}
	if replaced != nil {
		l.uncount(replaced)
		l.count(c)
		return replaced
	}
	l.refused++
	if l.excess.Len() >= l.limits.Excess {
		replaced = l.excess.Front().Value.(*conn)
		l.uncount(replaced)
	}
	c.excess, c.element = true, l.excess.PushBack(c)
	return replaced
}

// longestWaiting returns the first connection that has waited for minWait and for which match returns true, or nil.
func (l *Limiter) longestWaiting(match func(*conn) bool) *conn {
	latest := time.Now().Add(-minWait)
	for e := l.waiting.Front(); e != nil; e = e.Next() {
		c := e.Value.(*conn)
		if c.since.After(latest) {
			break
		}
		if match(c) {
			return c
		}
	}
	return nil
}

// count counts a connection. It waits for its first request.
func (l *Limiter) count(c *conn) {
	l.open++
	l.peers[c.peer]++
	l.startWaiting(c)
}

// uncount is the inverse of count. It also removes a connection in excess.
func (l *Limiter) uncount(c *conn) {
	if c.released {
		return
	}
	c.released = true
	if c.excess {
		l.excess.Remove(c.element)
		return
	}
	l.stopWaiting(c)
	l.open--
	if l.peers[c.peer]--; l.peers[c.peer] == 0 {
		delete(l.peers, c.peer)
	}
}

func (l *Limiter) startWaiting(c *conn) {
	c.since = time.Now()
	c.element = l.waiting.PushBack(c)
}

func (l *Limiter) stopWaiting(c *conn) {
	if c.element != nil {
		l.waiting.Remove(c.element)
		c.element = nil
	}
}
