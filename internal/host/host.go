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
	unfit := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError }
	if name == "" || len(name) > 253 || strings.ContainsAny(name, ":/[]@") || strings.ContainsFunc(name, unfit) {
		return errors.New("must be a name or an address alone, without a scheme or a port")
	}
	return nil
}

// IsLoopback tells a host that is this machine.
func IsLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// metadata is where a cloud gives out the secrets of its machines over IPv6; over
// IPv4 they are at a link-local address.
var metadata = netip.MustParseAddr("fd00:ec2::254")

// refused tells an address of services that listen for their own machine alone,
// such as the metadata services of clouds: a setting must not reach them.
func refused(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsLinkLocalUnicast() || ip == metadata
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
	if u.Path != "" && u.Path != "/" {
		return nil, errors.New("must be a URL without a path, such as https://accounts.example.com: the server needs a host of its own")
	}
	return u, nil
}
