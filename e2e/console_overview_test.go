package e2e_test

import "testing"

func TestConsoleOverview(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		b.signIn(adminEmail, "not the password")
		b.signIn(adminEmail, adminPassword)
		b.want("Sign-ins of the last 30 days", "1 succeeded", "1 failed", "Nobody is locked.")
		b.look("overview")
		b.press("Set it up")
		b.want("Public address", "First people")
		b.look("welcome")
		b.press("Begin")
		b.want("Next: Mail")
	})
}
