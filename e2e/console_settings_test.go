package e2e_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// submit submits the form whose action is path, on a page with more than one form.
func (b *browser) submit(path string) {
	b.t.Helper()
	selector := fmt.Sprintf(`form[action=%q] button[type=submit]`, path)
	step := chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)
	if _, err := chromedp.RunResponse(b.ctx, step); err != nil {
		b.t.Fatalf("submit the form of %s: %v\nat %s:\n%s", path, err, b.address(), b.text())
	}
}

func TestConsoleSettings(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		const saved = "The settings are saved."
		b.signIn(adminEmail, adminPassword)
		b.visit("/settings")
		b.check("settings-general")
		b.fill("sessionIdle", "4")
		b.fill("sessionIdle-unit", "minutes")
		b.submit("/settings")
		b.want("Must be from 5 minutes to 30 days.")
		b.check("settings-general-faults")
		b.fill("sessionIdle", "8")
		b.fill("sessionIdle-unit", "hours")
		b.submit("/settings")
		b.want(saved)
		b.fill("logRetentionPeriod", "0")
		b.submit("/settings/activity")
		b.want("Must be from 1 to 3650.")
		b.fill("logRetentionPeriod", "90")
		b.submit("/settings/activity")
		b.want(saved)
		b.submit("/settings/new-users")
		b.want(saved)

		b.visit("/settings/sign-in")
		b.check("settings-sign-in")
		b.fill("failedAttemptThreshold", "51")
		b.submit("/settings/sign-in")
		b.want("Must be from 1 to 50.")
		b.fill("failedAttemptThreshold", "5")
		b.submit("/settings/sign-in")
		b.want(saved)

		b.visit("/settings/directory")
		b.fill("url", "https://directory.example.org")
		b.fill("group-0", "Staff")
		b.submit("/settings/directory")
		b.want("Must be a URL such as ldaps://directory.example.com.", "Must have at least one role.")
		b.check("settings-directory-faults")
		b.fill("url", "ldaps://directory.example.org")
		b.click(`[name="group-0-roles"]`)
		b.submit("/settings/directory")
		b.want(saved)

		b.visit("/settings/saml")
		b.press("Make a new certificate")
		b.check("settings-saml-renew")
		b.press("Make a new certificate")
		b.want("There is a new certificate.")
		b.fill("providerLoginUrl", "ftp://provider.example.org")
		b.submit("/settings/saml")
		b.want("Must be a URL such as https://provider.example.com/saml.")
		b.fill("providerLoginUrl", "https://provider.example.org/saml")
		b.submit("/settings/saml")
		b.want(saved)
		b.check("settings-saml")
	})
}

// TestConsoleMail configures delivery to files, and then to a mail server that is unreachable.
func TestConsoleMail(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		key := b.server.signInAdmin(t)
		b.signIn(adminEmail, adminPassword)
		b.visit("/mail")
		b.want("No message was sent yet.")
		b.check("mail-empty")
		b.server.requestRecovery(t, adminEmail)
		eventually(t, "the message is a file", func() bool {
			mails := b.server.outbox(t, key)
			return len(mails) == 1 && mails[0].State == "delivered"
		})

		b.visit("/settings/mail")
		b.check("settings-mail")
		b.fill("smtpServerAddress", "smtp://127.0.0.1")
		b.fill("smtpServerPort", "1")
		b.fill("security", "none")
		b.submit("/settings/mail")
		b.want("Must be a name or an address alone, without a scheme or a port.")
		b.fill("smtpServerAddress", "127.0.0.1")
		b.submit("/settings/mail")
		b.want("The settings are saved.")
		b.press("Send a test message")
		b.want("was not delivered: could not connect.")
		b.check("settings-mail-test-failed")

		b.server.requestRecovery(t, adminEmail)
		eventually(t, "the delivery was attempted", func() bool {
			mails := b.server.outbox(t, key)
			return len(mails) == 2 && mails[0].LastError != nil
		})
		b.visit("/mail")
		b.want("Forgotten password", "Delivered", "Waiting", "could not connect", adminEmail)
		b.check("mail")
		b.fill("state", "failed")
		b.press("Filter")
		b.want("No message is in this state.")
		b.visit("/mail/2")
		b.want("Next attempt", "could not connect")
		b.check("mail-message")
	})
}
