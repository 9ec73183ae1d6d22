package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// TestConsoleFirstRun follows the first administrator from signing in with the generated password to inviting a user.
// It then follows that user from the invitation message to the profile page.
func TestConsoleFirstRun(t *testing.T) {
	// On PostgreSQL the server generates no password, because the operator sets the first one.
	postgres := os.Getenv("USHER_TEST_ENGINE") == "postgres"
	eachBrowser(t, options{NoAdmin: !postgres}, func(t *testing.T, b *browser) {
		const chosenPassword = "Of-my-own-choice-1"
		smtp := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
		if postgres {
			b.signIn(adminEmail, adminPassword)
			b.visit("/welcome")
		} else {
			generated := strings.TrimSpace(readFile(t, filepath.Join(b.server.Data, "initial-admin-password")))
			b.signIn(adminEmail, generated)
			b.check("first-password")
			b.visit("/users")
			b.want("Current password")
			b.fill("oldPassword", generated)
			b.fill("newPassword", chosenPassword)
			b.fill("repeat", chosenPassword)
			b.press("Change password")
		}
		b.want("Set this server up", "Public address", "First people")
		b.press("Begin")

		b.fill("publicUrl", b.server.URL)
		b.submit("/settings")
		b.want("Sign in at " + b.server.URL)
		b.check("setup-address")
		b.press("Next: Mail")
		b.fill("smtpServerAddress", smtp.Host())
		b.fill("smtpServerPort", formatID(int64(smtp.Port())))
		b.fill("security", "none")
		b.fill("emailSender", "accounts@example.com")
		b.submit("/settings/mail")
		b.want("The settings are saved.")
		b.submit("/settings/mail/test")
		b.check("setup-mail")
		if m := smtp.WaitForMessage(t, 1); m.Recipients[0] != adminEmail {
			t.Errorf("the test message went to %q", m.Recipients)
		}
		b.press("Next: First people")
		b.fill("email", "ada@example.com")
		b.fill("name", "Ada")
		b.press("Create the user")
		b.press("Finish")
		b.want("Overview")

		ada := openBrowser(t, b.server, b.width, b.scripts)
		ada.visit("/reset-password?token=" + recoveryToken(t, smtp.WaitForMessage(t, 2)))
		if strings.Contains(ada.address(), "token") {
			t.Errorf("the token stays in the address: %s", ada.address())
		}
		ada.check("invited")
		ada.fill("newPassword", chosenPassword)
		ada.fill("repeat", chosenPassword)
		ada.press("Change password")
		ada.press("Sign in")
		ada.fill("email", "ada@example.com")
		ada.fill("password", chosenPassword)
		ada.press("Sign in")
		ada.want("Profile", "ada@example.com")
	})
}
