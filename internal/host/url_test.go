package host_test

import (
	"net/url"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/host"
)

func TestParseOrigin(t *testing.T) {
	for _, good := range []string{
		"https://accounts.example.com", "http://127.0.0.1:8080/", "HTTPS://a", "https://[::1]:8443",
		"https://bücher.example", "http://my_host:80",
	} {
		if _, err := host.ParseOrigin(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "accounts.example.com", "ftp://a", "https://", "https://u:p@a", "https://a?b", "https://a?", "https://a#b",
		"https://a/base", "https://a b", "https://a,b;c", "https://%ff", `https://"><script>`, "https://*",
		"https://a:99999", "https://a:0", "https://[fe80::1%25eth0]", "https://%E2%80%AE",
	} {
		if _, err := host.ParseOrigin(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestPublicName(t *testing.T) {
	for text, want := range map[string]string{
		"https://accounts.example.com":      "accounts.example.com",
		"https://accounts.example.com:8443": "accounts.example.com",
		"https://Accounts.Example.com/":     "accounts.example.com",
		"https://bücher.example":            "xn--bcher-kva.example",
		"https://localhost:8443":            "localhost",
		"http://127.0.0.1:8080":             "localhost",
		"https://[::1]:8443":                "localhost",
		"http://my_host:80":                 "localhost", // an underscore is not valid in a domain name
		"https://-a.example":                "localhost",
		"https:///path":                     "localhost",
	} {
		publicURL, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := host.PublicName(publicURL); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	if got := host.PublicName(nil); got != "localhost" {
		t.Errorf("without a URL: got %q, want localhost", got)
	}
}
