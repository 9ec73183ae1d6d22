package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// An administrator is led from the password that was made up to the first person who is
// invited, and that person from the message to her own page.
func TestConsoleFirstRun(t *testing.T) {
	postgres := os.Getenv("USHER_TEST_ENGINE") == "postgres" // there the operator gives the first password
	eachBrowser(t, options{NoAdmin: !postgres}, func(t *testing.T, b *browser) {
		const own = "Of-my-own-choice-1"
		post := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
		if postgres {
			b.signIn(adminEmail, adminPassword)
			b.visit("/welcome")
		} else {
			first := strings.TrimSpace(readFile(t, filepath.Join(b.server.Data, "initial-admin-password")))
			b.signIn(adminEmail, first)
			b.look("first-password")
			b.visit("/users")
			b.want("Current password")
			b.fill("oldPassword", first)
			b.fill("newPassword", own)
			b.fill("repeat", own)
			b.press("Change password")
		}
		b.want("Set this server up", "Public address", "First people")
		b.press("Begin")

		b.fill("publicUrl", b.server.URL)
		b.send("/settings")
		b.want("Sign in at " + b.server.URL)
		b.look("setup-address")
		b.press("Next: Mail")
		b.fill("smtpServerAddress", post.Host())
		b.fill("smtpServerPort", number(int64(post.Port())))
		b.fill("security", "none")
		b.fill("emailSender", "accounts@example.com")
		b.send("/settings/mail")
		b.want("The settings are saved.")
		b.send("/settings/mail/test")
		b.look("setup-mail")
		if m := post.WaitForMessage(t, 1); m.Recipients[0] != adminEmail {
			t.Errorf("the test message went to %q", m.Recipients)
		}
		b.press("Next: First people")
		b.fill("email", "ada@example.com")
		b.fill("name", "Ada")
		b.press("Create the user")
		b.press("Finish")
		b.want("Overview")

		ada := openBrowser(t, b.server, b.width, b.scripts)
		ada.visit("/reset-password?token=" + recoveryToken(t, post.WaitForMessage(t, 2)))
		if strings.Contains(ada.address(), "token") {
			t.Errorf("the token stays in the address: %s", ada.address())
		}
		ada.look("invited")
		ada.fill("newPassword", own)
		ada.fill("repeat", own)
		ada.press("Change password")
		ada.press("Sign in")
		ada.fill("email", "ada@example.com")
		ada.fill("password", own)
		ada.press("Sign in")
		ada.want("Profile", "ada@example.com")
	})
}
