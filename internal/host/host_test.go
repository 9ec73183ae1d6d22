package host_test

import (
	"net"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/host"
)

func TestCheck(t *testing.T) {
	for _, good := range []string{"mail.example.org", "localhost", "192.0.2.1", "2001:db8::1", "bücher.example"} {
		if err := host.Check(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "mail.example.org:25", "smtp://mail", "[::1]", "a b", "a\x00b", "user@mail", "\xff",
		"a;b", "\u202e", ".a", "64:ff9b::a9fe:a9fe", "::169.254.169.254", "100.100.100.200", "169.254.169.254",
		"::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
	} {
		if host.Check(bad) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for name, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"192.0.2.1": false, "127.0.0.1.example.org": false, "": false,
	} {
		if host.IsLoopback(name) != want {
			t.Errorf("%q is a loopback host: %v", name, !want)
		}
	}
}

func TestIsSame(t *testing.T) {
	for _, same := range [][2]string{
		{"accounts.example.org", "Accounts.Example.ORG"}, {"accounts.example.org", "accounts.example.org."},
		{"bücher.example", "xn--bcher-kva.example"}, {"BÜCHER.example", "bücher.example"},
		{"2001:db8::1", "2001:DB8:0::1"}, {"::ffff:192.0.2.1", "192.0.2.1"}, {"my_host", "MY_HOST"},
	} {
		if !host.IsSame(same[0], same[1]) || !host.IsSame(same[1], same[0]) {
			t.Errorf("%q and %q are not the same", same[0], same[1])
		}
	}
	for _, other := range []string{
		"", ".", "example.org", "accounts.example.org.evil.example", "accounts.example.orgx", "accounts.example.org..",
		"192.0.2.1", "accounts.example.org\x00", "accounts.example.org:80",
	} {
		if host.IsSame(other, "accounts.example.org") {
			t.Errorf("%q is the same", other)
		}
	}
}

// RefuseLinkLocal refuses forbidden addresses, also as the Control function of a
// net.Dialer.
func TestLinkLocalIsRefused(t *testing.T) {
	for address, want := range map[string]bool{
		"169.254.169.254:25": true, "[fe80::1%lo]:25": true, "[::ffff:169.254.1.1]:25": true, "[fd00:ec2::254]:25": true,
		"nowhere": true, "127.0.0.1:25": false, "[2001:db8::1]:25": false,
	} {
		if err := host.RefuseLinkLocal("tcp", address, nil); (err != nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	dialer := net.Dialer{Control: host.RefuseLinkLocal}
	if conn, err := dialer.DialContext(t.Context(), "tcp", "169.254.169.254:80"); err == nil {
		_ = conn.Close()
		t.Error("the dialer connected to a link-local address")
	}
}
