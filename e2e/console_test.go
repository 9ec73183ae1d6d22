package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var allBrowsers = flag.Bool("browsers", false, "open the pages in every browser on PostgreSQL, too")

// eachBrowser runs a test in a wide and a narrow browser, and in one without scripts. On
// PostgreSQL, where the pages are the same, it is the first alone unless -browsers asks
// for all.
func eachBrowser(t *testing.T, o options, test func(t *testing.T, b *browser)) {
	t.Parallel()
	kinds := []struct {
		width   int
		scripts bool
	}{{wide, true}, {narrow, true}, {wide, false}}
	if os.Getenv("USHER_TEST_ENGINE") == "postgres" && !*allBrowsers {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		t.Run(fmt.Sprintf("%d, scripts %t", kind.width, kind.scripts), func(t *testing.T) {
			test(t, openBrowser(t, startServer(t, o), kind.width, kind.scripts))
		})
	}
}

func TestConsoleSignIn(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		b.visit("/profile/sessions")
		b.want("Sign in", "E-mail", "Password")
		b.look("sign-in")
		b.fill("email", adminEmail)
		b.fill("password", "not the password")
		b.press("Sign in")
		b.want("The address and the password do not match")
		b.look("sign-in-refused")
		b.fill("password", adminPassword)
		b.press("Sign in")
		if got := b.address(); got != "/profile/sessions" {
			t.Errorf("after signing in the browser is at %s", got)
		}
		b.want("This one")
		b.look("sessions")
	})
}
