package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var allBrowsers = flag.Bool("browsers", false, "open the pages in all browsers on PostgreSQL, too")

// eachBrowser runs a test in a wide browser window, in a narrow one, and in one without scripts. On PostgreSQL only the
// wide window is tested, because the pages are the same there. The flag -browsers tests all three.
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
		b.check("sign-in")
		b.fill("email", adminEmail)
		b.fill("password", "not the password")
		b.press("Sign in")
		b.want("The address and the password do not match")
		b.check("sign-in-refused")
		b.fill("password", adminPassword)
		b.press("Sign in")
		if got := b.address(); got != "/profile/sessions" {
			t.Errorf("after the sign-in the browser is at %s", got)
		}
		b.want("This one")
		b.check("sessions")
	})
}
