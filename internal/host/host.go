// Package host validates the host names and addresses of other machines in settings. It
// checks their syntax, recognises this machine, and refuses addresses that Usher must not
// connect to. It also derives the server's own name from its public URL.
package host

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Check validates a host name or an IP address without a port. It refuses the addresses
// that [RefuseLinkLocal] refuses. The text of its error completes the sentence "the host
// ...".
func Check(name string) error {
	if ip, err := netip.ParseAddr(name); err == nil {
		if isForbidden(ip) {
			return errors.New("must not be a link-local address")
		}
		return nil
	}
	if !isHostName(name) {
		return errors.New("must be a name or an address alone, without a scheme or a port")
	}
	return nil
}

// isHostName reports whether text has only the characters of a host name (RFC 1123, 2.1;
// IDNA), so that it is safe to insert into e-mail addresses and URLs.
func isHostName(text string) bool {
	invalid := func(r rune) bool {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		return r == utf8.RuneError || !letter && !strings.ContainsRune("-._", r)
	}
	return text != "" && len(text) <= 253 && !strings.ContainsFunc(text, invalid) && !strings.HasPrefix(text, ".")
}

// IsSame reports whether two host names or addresses name the same host, whatever their case, a
// final dot, their form of an international name (IDNA), or their notation of an IPv6 address.
func IsSame(a, b string) bool { return canonical(a) == canonical(b) }

func canonical(name string) string {
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.Unmap().String()
	}
	name = strings.TrimSuffix(name, ".")
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return strings.ToLower(name) // for example with an underscore
}

// IsLoopback reports whether a host name is localhost or an address is a loopback address.
func IsLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// metadataAddresses are the cloud metadata services whose addresses are not link-local. A
// metadata service gives credentials of a virtual machine to any process on this machine.
var metadataAddresses = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// ipv4Embedded lists IPv6 prefixes. In their addresses, the last 32 bits are an IPv4
// address (RFC 6052, 2.1; RFC 4291, 2.5.5.1).
var ipv4Embedded = []netip.Prefix{netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("::/96")}

// isForbidden reports whether an address is link-local or a cloud metadata service, in any
// notation. If settings could contain these addresses, an administrator could make the
// server send requests to them (server-side request forgery).
func isForbidden(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, prefix := range ipv4Embedded {
		if b := ip.As16(); prefix.Contains(ip) {
			ip = netip.AddrFrom4([4]byte(b[12:]))
		}
	}
	return ip.IsLinkLocalUnicast() || slices.Contains(metadataAddresses, ip)
}

// RefuseLinkLocal fails for link-local addresses and cloud metadata services. It is a Control
// function for [net.Dialer]. Before each connection, the dialer calls RefuseLinkLocal with the
// address that a name resolved to.
func RefuseLinkLocal(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("parse the server's address: %w", err)
	}
	if isForbidden(target.Addr()) {
		return errors.New("link-local addresses are refused")
	}
	return nil
}
