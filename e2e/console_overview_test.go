package e2e_test

import "testing"

func TestConsoleOverview(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		b.signIn(adminEmail, "not the password")
		b.signIn(adminEmail, adminPassword)
		b.want("Sign-ins of the last 30 days", "1 succeeded", "1 failed", "Nobody is locked.")
		b.check("overview")
		b.press("Set it up")
		b.want("Public address", "First people")
		b.check("welcome")
		b.press("Begin")
		b.want("Next: Mail")
	})
}
