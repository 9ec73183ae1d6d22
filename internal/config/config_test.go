package config_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/internal/config"
)

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	empty := filepath.Join(t.TempDir(), "empty")
	for path, text := range map[string]string{file: "from-file\r\n", empty: "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, value, file string
		want, fault       string
	}{
		{name: "neither"},
		{name: "variable", value: "from-variable", want: "from-variable"},
		{name: "file, without its line end", file: file, want: "from-file"},
		{name: "both", value: "from-variable", file: file, fault: "both set"},
		{name: "no file", file: file + "x", fault: "no such file"},
		{name: "empty file", file: empty, fault: "is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"X": tt.value, "X_FILE": tt.file}
			got, err := config.Secret(func(name string) string { return env[name] }, "X")
			if tt.fault == "" && (err != nil || got.Reveal() != tt.want) {
				t.Errorf("Secret = %q, %v; want %q", got.Reveal(), err, tt.want)
			}
			if tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("Secret fails with %v, want %q", err, tt.fault)
			}
			if err != nil && strings.Contains(err.Error(), "from-") {
				t.Errorf("the failure shows the secret: %v", err)
			}
		})
	}
}

func TestServerKeyComesFromOnePlace(t *testing.T) {
	s := config.Server{ServerKeyFile: "elsewhere"}
	err := s.LoadSecrets(func(name string) (string, bool) {
		value, set := map[string]string{"USHER_SERVER_KEY": "key"}[name]
		return value, set
	})
	if err == nil || !strings.Contains(err.Error(), "both set") {
		t.Errorf("got %v", err)
	}
}

// TestEmptyDatabaseURL sets the database URL to "", as a failing script may do. LoadSecrets refuses it, because
// otherwise the server would start with a new, empty SQLite database.
func TestEmptyDatabaseURL(t *testing.T) {
	var s config.Server
	if err := s.LoadSecrets(func(string) (string, bool) { return "", false }); err != nil {
		t.Errorf("without variables: %v", err)
	}
	err := s.LoadSecrets(func(name string) (string, bool) { return "", name == "USHER_DATABASE_URL" })
	if err == nil {
		t.Error("an empty USHER_DATABASE_URL is accepted")
	}
}

// TestLocalURL checks that LocalURL returns a URL for loopback addresses only. Links in mails begin with this URL,
// so any other address could send users to another server.
func TestLocalURL(t *testing.T) {
	tests := []struct {
		name      string
		listening net.Addr
		want      string
	}{
		{"loopback", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, "http://127.0.0.1:8080"},
		{"loopback, IPv6", &net.TCPAddr{IP: net.IPv6loopback, Port: 1}, "http://[::1]:1"},
		{"every address", &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, ""},
		{"one address", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if u := config.LocalURL(tt.listening); u != nil {
				got = u.String()
			}
			if got != tt.want {
				t.Errorf("LocalURL = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPublicURLOverride(t *testing.T) {
	const public = "https://accounts.example.com:8443/"
	if u, err := (&config.Server{PublicURL: public}).PublicURLOverride(); err != nil || u.String() != public {
		t.Errorf("PublicURLOverride = %v, %v", u, err)
	}
	if u, err := (&config.Server{}).PublicURLOverride(); u != nil || err != nil {
		t.Errorf("PublicURLOverride = %v, %v, without one", u, err)
	}
}

func TestCA(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("certificates"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"": "", file: "certificates"} {
		if got, err := (&config.SMTP{CAFile: name}).CA(); got != want || err != nil {
			t.Errorf("%q holds %q, %v", name, got, err)
		}
	}
	_, err := (&config.SMTP{CAFile: file + ".no"}).CA()
	if err == nil || !strings.Contains(err.Error(), "--smtp-ca-file") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestValidate(t *testing.T) {
	for _, public := range []string{"", "https://x.example", "https://x.example/", "http://[::1]:8080"} {
		good := config.Server{Listen: "127.0.0.1:8080", PublicURL: public}
		if err := good.Validate(); err != nil {
			t.Errorf("%q: valid settings are refused: %v", public, err)
		}
	}
	for _, public := range []string{
		"x", "ftp://x", "https:x", "https://", "https://:8443", "https://u:p@x", "https://x?q=1",
		"https://x/?", "https://x#f", "https://x/usher", "https://x//",
	} {
		bad := config.Server{Listen: "nowhere", AdminListen: "9090", PublicURL: public, SMTP: config.SMTP{Port: 70000}, ShutdownDelay: -1}
		err := bad.Validate()
		if err == nil {
			t.Errorf("%q is accepted", public)
			continue
		}
		for _, part := range []string{"--listen", "--admin-listen", "--public-url", "--smtp-port", "--shutdown-delay"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: the error lacks the fault of %s: %v", public, part, err)
			}
		}
	}
}

// TestTrustedProxies checks that a list of networks may have blanks after its commas, on the command line and in a
// variable.
func TestTrustedProxies(t *testing.T) {
	t.Setenv("USHER_TRUSTED_PROXIES", "10.0.0.5,\t10.0.0.0/24, fd00::/8 ")
	for _, arguments := range [][]string{{"--trusted-proxies", "10.0.0.5, 10.0.0.0/24,  fd00::/8"}, nil} {
		var s config.Server
		parser, err := kong.New(&s, kong.DefaultEnvars("USHER"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(arguments); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(s.TrustedProxies); got != "[10.0.0.5/32 10.0.0.0/24 fd00::/8]" {
			t.Errorf("%q: the networks are %s", arguments, got)
		}
	}
}

// TestValidateLimits checks the limits of connections and of the memory of bodies.
func TestValidateLimits(t *testing.T) {
	tests := []struct {
		change func(*config.Server)
		fault  string // flag that the error names; "": there is none
	}{
		{func(s *config.Server) {
			s.MaxConnections, s.MaxConnectionsPerNetwork, s.MaxBodyMemory = 16, 1, 48
		}, ""},
		{func(s *config.Server) {
			s.MaxConnections, s.MaxConnectionsPerNetwork, s.MaxBodyMemory = 1_000_000, 1_000_000, 65536
		}, ""},
		{func(s *config.Server) { s.MaxConnections = 15 }, "--max-connections"},
		{func(s *config.Server) { s.MaxConnections = -1 }, "--max-connections"},
		{func(s *config.Server) { s.MaxConnections = 1_000_001 }, "--max-connections"},
		{func(s *config.Server) { s.MaxConnectionsPerNetwork = -1 }, "--max-connections-per-network"},
		{func(s *config.Server) { s.MaxConnectionsPerNetwork = 1_000_001 }, "--max-connections-per-network"},
		{func(s *config.Server) { s.MaxBodyMemory = 47 }, "--max-body-memory"},
		{func(s *config.Server) { s.MaxBodyMemory = 65537 }, "--max-body-memory"},
	}
	for i, test := range tests {
		s := config.Server{Listen: "127.0.0.1:8080"}
		test.change(&s)
		if err := s.Validate(); (err != nil) != (test.fault != "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("settings %d: %v, want a fault of %q", i, err, test.fault)
		}
	}
}

// Clients are counted by their /64 of IPv6, so that a longer prefix could never match.
func TestExemptNetworks(t *testing.T) {
	for text, valid := range map[string]bool{
		"198.51.100.7": true, "198.51.100.0/24": true, "2001:db8::/48": true, "2001:db8::/64": true,
		"2001:db8::/65": false, "2001:db8::1": false,
	} {
		s := config.Server{Listen: "127.0.0.1:8080", ExemptNetworks: make([]config.Network, 1)}
		if err := s.ExemptNetworks[0].UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		err := s.Validate()
		if (err == nil) != valid || err != nil && !strings.Contains(err.Error(), "--exempt-networks") {
			t.Errorf("%s: Validate = %v, want that it is valid: %v", text, err, valid)
		}
	}
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.5": "10.0.0.5/32", "10.0.0.0/24": "10.0.0.0/24", "::1": "::1/128", "proxy": "", "10.0.0.0/99": "",
		" 10.0.0.5": "10.0.0.5/32", "\t10.0.0.0/24 \n": "10.0.0.0/24", " ": "", "": "", "10.0.0.5 10.0.0.6": "",
	} {
		var n config.Network
		err := n.UnmarshalText([]byte(text))
		if (err == nil) != (want != "") || err == nil && n.String() != want {
			t.Errorf("%s is read as %v, %v; want %q", text, n, err, want)
		}
	}
}
