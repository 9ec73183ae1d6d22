package httpapi_test

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

var trusted = httpapi.Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

// TestPeerNetwork checks the networks of peers, and which of them are trusted proxies.
func TestPeerNetwork(t *testing.T) {
	tests := []struct {
		peer, network string
		proxy         bool
	}{
		{"192.0.2.7:4000", "192.0.2.7", false},
		{"[2001:db8:1:2:3:4:5:6]:4000", "2001:db8:1:2::/64", false},
		{"[::ffff:192.0.2.7]:4000", "192.0.2.7", false},
		{"10.0.0.1:4000", "10.0.0.1", true},
		{"[::ffff:10.0.0.1]:4000", "10.0.0.1", true},
		{"[fd00::1%eth0]:4000", "fd00::/64", true},
		{"@", "unknown", false}, // of a Unix domain socket
	}
	for _, test := range tests {
		network, proxy := trusted.PeerNetwork(peerAddr(test.peer))
		if network != test.network || proxy != test.proxy {
			t.Errorf("%s is %s, %v", test.peer, network, proxy)
		}
	}
}

// peerAddr is the text of an address.
type peerAddr string

func (a peerAddr) Network() string { return "tcp" }
func (a peerAddr) String() string  { return string(a) }

var _ net.Addr = peerAddr("")

func TestClientNetwork(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("10.0.0.9, ", 10_000), ", ")
	tests := []struct {
		name, remote string
		forwarded    []string
		proxies      httpapi.Proxies
		want         string
	}{
		{"IPv4", "192.0.2.7:4000", nil, trusted, "192.0.2.7"},
		{"IPv4 without a port", "192.0.2.7", nil, trusted, "192.0.2.7"},
		{"IPv6 counts as its /64", "[2001:db8:1:2:3:4:5:6]:4000", nil, trusted, "2001:db8:1:2::/64"},
		{"IPv6 of the same /64", "[2001:db8:1:2:ffff::]:4000", nil, trusted, "2001:db8:1:2::/64"},
		{"IPv6 of another /64", "[2001:db8:1:3::1]:4000", nil, trusted, "2001:db8:1:3::/64"},
		{"IPv6 without a port", "2001:db8::1", nil, trusted, "2001:db8::/64"},
		{"mapped IPv4", "[::ffff:192.0.2.7]:4000", nil, trusted, "192.0.2.7"},
		{"zone", "[fe80::1%eth0]:4000", nil, trusted, "fe80::/64"},
		{"loopback", "[::1]:4000", nil, trusted, "::/64"},

		{"no proxy is trusted", "10.0.0.1:1", []string{"198.51.100.1"}, nil, "10.0.0.1"},
		{"untrusted peer", "192.0.2.7:1", []string{"198.51.100.1"}, trusted, "192.0.2.7"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"proxy by its mapped address", "[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"proxy with a zone", "[fd00::1%eth0]:1", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, trusted, "198.51.100.1"},
		{"two headers are one list", "10.0.0.1:1", []string{"198.51.100.1", "10.0.0.2"}, trusted, "198.51.100.1"},
		{"spaces and tabs", "10.0.0.1:1", []string{" \t198.51.100.1 ,\t10.0.0.2 "}, trusted, "198.51.100.1"},
		{"IPv6 client", "10.0.0.1:1", []string{"2001:db8:1:2::9"}, trusted, "2001:db8:1:2::/64"},
		{"mapped client", "10.0.0.1:1", []string{"::ffff:198.51.100.1"}, trusted, "198.51.100.1"},
		{"trusted to the end", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, trusted, "10.0.0.3"},
		{"nothing forwarded", "10.0.0.1:1", nil, trusted, "10.0.0.1"},

		{"spoofed from the left", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1"}, trusted, "198.51.100.1"},
		{"spoofed as a proxy", "10.0.0.1:1", []string{"203.0.113.9, 10.0.0.5, 198.51.100.1"}, trusted, "198.51.100.1"},
		{"spoofed in a header of its own", "10.0.0.1:1", []string{"203.0.113.9", "198.51.100.1"}, trusted, "198.51.100.1"},
		{"garbage on the left", "10.0.0.1:1", []string{"<script>, 198.51.100.1"}, trusted, "198.51.100.1"},
		{"garbage on the right", "10.0.0.1:1", []string{"198.51.100.1, unknown"}, trusted, "10.0.0.1"},
		{"empty", "10.0.0.1:1", []string{""}, trusted, "10.0.0.1"},
		{"comma at the end", "10.0.0.1:1", []string{"198.51.100.1,"}, trusted, "198.51.100.1"},
		{"commas at the end", "10.0.0.1:1", []string{"198.51.100.1, ,\t,"}, trusted, "198.51.100.1"},
		{"empty elements between", "10.0.0.1:1", []string{"203.0.113.9,198.51.100.1,,10.0.0.2"}, trusted, "198.51.100.1"},
		{"an empty second header", "10.0.0.1:1", []string{"198.51.100.1", ""}, trusted, "198.51.100.1"},
		{"port in the list", "10.0.0.1:1", []string{"198.51.100.1:4000"}, trusted, "198.51.100.1"},
		{"port in the list, IPv6", "10.0.0.1:1", []string{"[2001:db8:1::7]:4000"}, trusted, "2001:db8:1::/64"},
		{"colon without a port", "10.0.0.1:1", []string{"198.51.100.1:"}, trusted, "198.51.100.1"},
		{"colon without a port, IPv6", "10.0.0.1:1", []string{"2001:db8:1:2::9:"}, trusted, "2001:db8:1:2::/64"},
		{"IPv6 that ends with colons", "10.0.0.1:1", []string{"2001:db8:1:2::"}, trusted, "2001:db8:1:2::/64"},
		{"brackets", "10.0.0.1:1", []string{"[2001:db8:1:2::9]"}, trusted, "2001:db8:1:2::/64"},
		{"brackets and a colon", "10.0.0.1:1", []string{"[2001:db8:1:2::9]:"}, trusted, "2001:db8:1:2::/64"},
		{"brackets of a proxy", "10.0.0.1:1", []string{"198.51.100.1, [fd00::7]"}, trusted, "198.51.100.1"},
		{"quotes", "10.0.0.1:1", []string{`"198.51.100.1"`}, trusted, "198.51.100.1"},
		{"quotes and a port", "10.0.0.1:1", []string{`"198.51.100.1:4000", 10.0.0.2`}, trusted, "198.51.100.1"},
		{"quotes and brackets", "10.0.0.1:1", []string{`"[2001:db8:1:2::9]"`}, trusted, "2001:db8:1:2::/64"},
		{"quotes, brackets, port", "10.0.0.1:1", []string{`"[2001:db8:1:2::9]:4000"`}, trusted, "2001:db8:1:2::/64"},

		{"half a quote", "10.0.0.1:1", []string{`"198.51.100.1`}, trusted, "10.0.0.1"},
		{"the other half", "10.0.0.1:1", []string{`198.51.100.1"`}, trusted, "10.0.0.1"},
		{"nothing in quotes", "10.0.0.1:1", []string{`198.51.100.1, ""`}, trusted, "10.0.0.1"},
		{"half of the brackets", "10.0.0.1:1", []string{"[2001:db8::1"}, trusted, "10.0.0.1"},
		{"nothing in brackets", "10.0.0.1:1", []string{"[]"}, trusted, "10.0.0.1"},
		{"IPv4 in brackets", "10.0.0.1:1", []string{"[198.51.100.1]"}, trusted, "10.0.0.1"},
		{"a colon alone", "10.0.0.1:1", []string{":"}, trusted, "10.0.0.1"},
		{"two colons after a port", "10.0.0.1:1", []string{"198.51.100.1:40:"}, trusted, "10.0.0.1"},
		{"port out of range", "10.0.0.1:1", []string{"198.51.100.1:70000"}, trusted, "10.0.0.1"},
		{"name", "10.0.0.1:1", []string{"client.example.org"}, trusted, "10.0.0.1"},
		{"leading zeros", "10.0.0.1:1", []string{"198.51.100.01"}, trusted, "10.0.0.1"},
		{"ten thousand hops", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1, " + many}, trusted, "198.51.100.1"},

		{"no address", "", nil, trusted, "unknown"},
		{"socket", "@", []string{"198.51.100.1"}, trusted, "unknown"},
		{"name as a peer", "client.example.org:1", []string{"198.51.100.1"}, trusted, "unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: test.remote, Header: http.Header{
				"X-Forwarded-For": test.forwarded, "Forwarded": {"for=203.0.113.1"}, "X-Real-Ip": {"203.0.113.2"},
				"True-Client-Ip": {"203.0.113.3"},
			}}
			if got := test.proxies.ClientNetwork(r); got != test.want {
				t.Errorf("the client network is %q, want %q", got, test.want)
			}
		})
	}
}

// TestThrottleByClientNetwork checks that all addresses of one IPv6 /64 share a counter of failed sign-ins. A client
// that forges X-Forwarded-For doesn't get a new counter.
func TestThrottleByClientNetwork(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.Proxies = trusted })
	guess := func(i int, from string, header http.Header) answer {
		return f.do(call{
			method: "POST", path: "/api/login", from: from, header: header,
			body: `{"email":"x` + strings.Repeat("x", i) + `@example.org","password":"x"}`,
		})
	}
	for i := range 20 {
		forged := http.Header{"X-Forwarded-For": {"198.51.100." + string(rune('0'+i%10))}}
		a := guess(i, "[2001:db8:1:2::"+string(rune('a'+i%6))+"]", forged)
		a.want(t, http.StatusUnauthorized, account.CodeInvalidCredentials)
	}
	a := guess(21, "[2001:db8:1:2:ffff::1]", http.Header{"X-Forwarded-For": {"198.51.100.200"}})
	a.want(t, http.StatusTooManyRequests, account.CodeTooManyRequests)
	if got := a.header.Get("Retry-After"); got != "60" {
		t.Errorf("Retry-After is %q, want 60 seconds", got)
	}
	guess(22, "[2001:db8:1:3::1]", nil).want(t, http.StatusUnauthorized, account.CodeInvalidCredentials)
	// Behind a trusted proxy, each client has its own counter.
	a = guess(23, "10.0.0.1", http.Header{"X-Forwarded-For": {"2001:db8:1:2::9"}})
	a.want(t, http.StatusTooManyRequests, account.CodeTooManyRequests)
	a = guess(24, "10.0.0.1", http.Header{"X-Forwarded-For": {"2001:db8:1:2::9, 198.51.100.9"}})
	a.want(t, http.StatusUnauthorized, account.CodeInvalidCredentials)
}

// FuzzClientNetwork checks that a client network is an IPv4 address, a /64 or "unknown". Without a trusted proxy, it
// must not depend on X-Forwarded-For.
func FuzzClientNetwork(f *testing.F) {
	f.Add("192.0.2.7:4000", "198.51.100.1, 10.0.0.2")
	f.Add("[2001:db8::1%eth0]:1", "::ffff:10.0.0.1")
	f.Add("10.0.0.1:1", ",,<>, 1.2.3.4:5, [::1]")
	f.Add("[::ffff:10.0.0.1]:1", "10.0.0.1,fd00::1%x")
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := trusted.ClientNetwork(r)
		address, err := netip.ParseAddr(got)
		network, netErr := netip.ParsePrefix(got)
		switch {
		case got == "unknown":
		case err == nil && address.Is4():
		case netErr == nil && network.Bits() == 64 && network.Masked() == network && !network.Addr().Is4In6():
		default:
			t.Errorf("the client network is %q", got)
		}
		forged := httpapi.Proxies(nil).ClientNetwork(r)
		if direct := httpapi.Proxies(nil).ClientNetwork(&http.Request{RemoteAddr: remote}); forged != direct {
			t.Errorf("X-Forwarded-For changes %q to %q", direct, forged)
		}
	})
}
