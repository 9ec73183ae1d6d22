package e2e_test

import (
	"fmt"
	"testing"
)

// eachBrowser runs a test in a narrow and a wide browser, and, where it is about what
// is essential, in one without scripts.
func eachBrowser(t *testing.T, o options, test func(t *testing.T, b *browser)) {
	t.Parallel()
	for _, kind := range []struct {
		width   int
		scripts bool
	}{{narrow, true}, {wide, true}, {wide, false}} {
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
