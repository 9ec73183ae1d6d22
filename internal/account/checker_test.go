package account_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A name may have invisible characters, which some scripts need, but not these alone.
func TestNameIsVisible(t *testing.T) {
	for name, valid := range map[string]bool{
		"Ada": true, "می\u200cخواهم": true, "👩\u200d🔬 Ada": true,
		"": false, " \t": false, "\u3164": false, " \u3164 \ufe0f": false, "\u2800\u200b": false,
	} {
		var c account.Checker
		if c.Name("/name", name); (c.Err() == nil) != valid {
			t.Errorf("%+q: %v, want valid: %v", name, c.Err(), valid)
		}
	}
}
