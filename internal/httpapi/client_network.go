package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// The prefix lengths of client networks: all addresses with the same prefix count as one client. Internet providers
// assign at least a /64 of IPv6 to each subscriber, so one client can use any address of a /64.
const (
	ipv4PrefixLength = 32
	ipv6PrefixLength = 64
)

// unknownNetwork is the client network of a request without a valid address.
const unknownNetwork = "unknown"

// Proxies are the networks of the reverse proxies whose X-Forwarded-For header is trusted.
type Proxies []netip.Prefix

// ClientNetwork returns the network that a request comes from, as rate limits and logs name it: an IPv4 address, or the
// /64 of an IPv6 address such as "2001:db8:1:2::/64".
//
// ClientNetwork reads X-Forwarded-For from right to left, and stops at the first address that is not a trusted proxy. A
// client can forge all entries further left.
func (p Proxies) ClientNetwork(r *http.Request) string {
	network, _ := p.client(r)
	return network
}

// client returns the client network of a request, and whether its X-Forwarded-For was ignored because the peer is not a
// trusted proxy.
func (p Proxies) client(r *http.Request) (network string, ignored bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return unknownNetwork, false
	}
	forwarded := r.Header["X-Forwarded-For"]
	if len(forwarded) == 0 {
		return clientNetwork(address), false
	}
	if !p.contains(address) {
		return clientNetwork(address), true
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && p.contains(address); i-- {
		text := strings.Trim(hops[i], " \t")
		if text == "" { // RFC 9110, 5.6.1.2: recipients ignore empty elements of a list
			continue
		}
		hop, ok := parseHop(text)
		if !ok {
			break
		}
		address = hop
	}
	return clientNetwork(address), false
}

// PeerNetwork returns the network of the other end of a connection, in the form of [Proxies.ClientNetwork], and whether
// that end is a trusted proxy.
func (p Proxies) PeerNetwork(peer net.Addr) (network string, proxy bool) {
	address, err := netip.ParseAddrPort(peer.String())
	if err != nil {
		return unknownNetwork, false
	}
	return clientNetwork(address.Addr()), p.contains(address.Addr())
}

// clientNetwork returns the text of the client network that contains address. For IPv4, the network is the single
// address, without "/32".
func clientNetwork(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	length := ipv6PrefixLength
	if address.Is4() {
		length = ipv4PrefixLength
	}
	network, err := address.Prefix(length)
	if err != nil {
		return unknownNetwork
	}
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// parseHop parses an entry of X-Forwarded-For. The header has no standard, and proxies write an address in these forms:
// alone; with a port or only its colon; in brackets, if it is an IPv6 address; and any of these in quotes, as in the
// header Forwarded (RFC 7239, 6).
func parseHop(text string) (netip.Addr, bool) {
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		if text, ok = strings.CutSuffix(inner, `"`); !ok {
			return netip.Addr{}, false
		}
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return address, true
	}
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr(), true
	}
	text = strings.TrimSuffix(text, ":")
	inner, bracketed := strings.CutPrefix(text, "[")
	if bracketed {
		if text, bracketed = strings.CutSuffix(inner, "]"); !bracketed {
			return netip.Addr{}, false
		}
	}
	address, err := netip.ParseAddr(text)
	return address, err == nil && (!bracketed || address.Is6())
}

func (p Proxies) contains(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
