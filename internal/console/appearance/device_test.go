package appearance_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/appearance"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

func TestDevices(t *testing.T) {
	english := appearance.Appearance{Language: locale.Languages[0]}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 " +
			"Safari/537.36": "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 " +
			"Safari/537.36 Edg/140.0.0.0": "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 " +
			"Safari/605.1.15": "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
			"Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 " +
			"Mobile/15E148 Safari/604.1": "Chrome on iPad",
		"Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 " +
			"Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 " +
			"Safari/537.36 OPR/120.0.0.0": "Opera on ChromeOS",
		"Mozilla/5.0 (compatible)": "A browser",
		"usher/1.4.0 (linux)":      "usher/1.4.0",
		"<b>x</b> y":               "<b>x</b>",
		"":                         "Unknown",
	} {
		if got := english.Device(agent); got != want {
			t.Errorf("%q: device %q, want %q", agent, got, want)
		}
	}
}
