// Package host checks the names and addresses of other machines that settings
// give: what form they have, whether they are this machine, and whether they may
// be reached at all.
//
// The package imports the standard library alone.
package host

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// Check takes a host name or an IP address. A colon is part of an IPv6 address
// alone; a port has a setting of its own. Its error says what the host must be.
func Check(name string) error {
	if ip, err := netip.ParseAddr(name); err == nil {
		if refused(ip) {
			return errors.New("must not be a link-local address")
		}
		return nil
	}
	if !isName(name) {
		return errors.New("must be a name or an address alone, without a scheme or a port")
	}
	return nil
}

// isName tells what has the characters of a host name (RFC 1123, 2.1; IDNA), and
// no others: they would end up in the addresses of messages.
func isName(text string) bool {
	unfit := func(r rune) bool {
		return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("-._", r)
	}
	return text != "" && len(text) <= 253 && !strings.ContainsFunc(text, unfit) && !strings.HasPrefix(text, ".")
}

// IsLoopback tells a host that is this machine.
func IsLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// metadata is where clouds give out the secrets of their machines, where that is
// not a link-local address.
var metadata = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// embedding are the prefixes of IPv6 addresses whose last 32 bits are one of IPv4
// (RFC 6052, 2.1; RFC 4291, 2.5.5.1).
var embedding = []netip.Prefix{netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("::/96")}

// refused tells an address of services that listen for their own machine alone,
// such as the metadata services of clouds: a setting must not reach them.
func refused(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, prefix := range embedding {
		if b := ip.As16(); prefix.Contains(ip) {
			ip = netip.AddrFrom4([4]byte(b[12:]))
		}
	}
	return ip.IsLinkLocalUnicast() || slices.Contains(metadata, ip)
}

// RefuseLinkLocal keeps a connection from going to a link-local address, whatever
// name it was looked up by. It is the Control of a net.Dialer.
func RefuseLinkLocal(_, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read the server's address: %w", err)
	}
	if refused(target.Addr()) {
		return errors.New("link-local addresses are refused")
	}
	return nil
}

// ParseOrigin reads a URL of HTTP or HTTPS that is a scheme and a host and nothing
// else: pages are at the root of their host, and so are their cookies. Its error
// says what the URL must be.
func ParseOrigin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must be a URL such as https://accounts.example.com")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if port, portErr := strconv.Atoi(u.Port()); err != nil && !isName(u.Hostname()) || err == nil && ip.Zone() != "" ||
		u.Port() != "" && (portErr != nil || port < 1 || port > 65535) {
		return nil, errors.New("must have the name or the address of a host, and a port that there is")
	}
	if u.Path != "" && u.Path != "/" {
		return nil, errors.New("must be a URL without a path, such as https://accounts.example.com: the server needs a host of its own")
	}
	return u, nil
}
