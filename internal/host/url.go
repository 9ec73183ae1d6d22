package host

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"

	"golang.org/x/net/idna"
)

// ParseOrigin parses an HTTP or HTTPS URL that has only a scheme, a host and an optional
// port. It refuses a path, because Usher's pages and cookies use the root of the host. The
// text of its error says what the URL must be.
func ParseOrigin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must be a URL such as https://accounts.example.com")
	}
	if !hasValidHost(u) || !hasValidPort(u) {
		return nil, errors.New("must have the name or the address of a host, and a port that there is")
	}
	if u.Path != "" && u.Path != "/" {
		return nil, errors.New("must be a URL without a path, such as https://accounts.example.com:" +
			" the server needs a host of its own")
	}
	return u, nil
}

// hasValidHost reports whether the host of u is a host name, or an IP address without a
// zone.
func hasValidHost(u *url.URL) bool {
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		return ip.Zone() == ""
	}
	return isHostName(u.Hostname())
}

// hasValidPort reports whether the URL has no port, or one between 1 and 65535.
func hasValidPort(u *url.URL) bool {
	if u.Port() == "" {
		return true
	}
	port, err := strconv.Atoi(u.Port())
	return err == nil && port >= 1 && port <= 65535
}

// PublicName returns the DNS name of this server in ASCII, from its public URL. A
// Message-ID (RFC 5322, 3.6.4) and the common name of a certificate contain this name.
// PublicName returns "localhost" if publicURL is nil, or if its host is an IP address or
// not a valid domain name.
func PublicName(publicURL *url.URL) string {
	if publicURL == nil {
		return "localhost"
	}
	name, err := idna.Lookup.ToASCII(publicURL.Hostname())
	if err != nil || name == "" {
		return "localhost"
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "localhost"
	}
	return name
}
