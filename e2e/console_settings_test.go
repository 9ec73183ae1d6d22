package e2e_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// send sends the form that goes to a path, on a page that has several.
func (b *browser) send(path string) {
	b.t.Helper()
	selector := fmt.Sprintf(`form[action=%q] button[type=submit]`, path)
	step := chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)
	if _, err := chromedp.RunResponse(b.ctx, step); err != nil {
		b.t.Fatalf("send %s: %v\nat %s:\n%s", path, err, b.address(), b.text())
	}
}

func TestConsoleSettings(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		const saved = "The settings are saved."
		b.signIn(adminEmail, adminPassword)
		b.visit("/settings")
		b.look("settings-general")
		b.fill("sessionIdle", "4")
		b.fill("sessionIdle-unit", "minutes")
		b.send("/settings")
		b.want("Must be from 5 minutes to 30 days.")
		b.look("settings-general-faults")
		b.fill("sessionIdle", "8")
		b.fill("sessionIdle-unit", "hours")
		b.send("/settings")
		b.want(saved)
		b.fill("logRetentionPeriod", "0")
		b.send("/settings/activity")
		b.want("Must be from 1 to 3650.")
		b.fill("logRetentionPeriod", "90")
		b.send("/settings/activity")
		b.want(saved)
		b.send("/settings/new-users")
		b.want(saved)

		b.visit("/settings/sign-in")
		b.look("settings-sign-in")
		b.fill("failedAttemptThreshold", "51")
		b.send("/settings/sign-in")
		b.want("Must be from 1 to 50.")
		b.fill("failedAttemptThreshold", "5")
		b.send("/settings/sign-in")
		b.want(saved)

		b.visit("/settings/directory")
		b.fill("url", "https://directory.example.org")
		b.fill("group-0", "Staff")
		b.send("/settings/directory")
		b.want("Must be a URL such as ldaps://directory.example.com.", "Must have at least one role.")
		b.look("settings-directory-faults")
		b.fill("url", "ldaps://directory.example.org")
		b.click(`[name="group-0-roles"]`)
		b.send("/settings/directory")
		b.want(saved)

		b.visit("/settings/saml")
		b.press("Make a new certificate")
		b.look("settings-saml-renew")
		b.press("Make a new certificate")
		b.want("There is a new certificate.")
		b.fill("providerLoginUrl", "ftp://provider.example.org")
		b.send("/settings/saml")
		b.want("Must be a URL such as https://provider.example.com/saml.")
		b.fill("providerLoginUrl", "https://provider.example.org/saml")
		b.send("/settings/saml")
		b.want(saved)
		b.look("settings-saml")
	})
}

// Mail as files, and then to a server that is not there.
func TestConsoleMail(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		key := b.server.admin(t)
		b.signIn(adminEmail, adminPassword)
		b.visit("/mail")
		b.want("No message was sent yet.")
		b.look("mail-empty")
		b.server.forget(t, adminEmail)
		within(t, "the message is a file", func() bool {
			mails := b.server.outbox(t, key)
			return len(mails) == 1 && mails[0].State == "delivered"
		})

		b.visit("/settings/mail")
		b.look("settings-mail")
		b.fill("smtpServerAddress", "smtp://127.0.0.1")
		b.fill("smtpServerPort", "1")
		b.fill("security", "none")
		b.send("/settings/mail")
		b.want("Must be a name or an address alone, without a scheme or a port.")
		b.fill("smtpServerAddress", "127.0.0.1")
		b.send("/settings/mail")
		b.want("The settings are saved.")
		b.press("Send a test message")
		b.want("was not delivered: could not connect.")
		b.look("settings-mail-test-failed")

		b.server.forget(t, adminEmail)
		within(t, "the message was tried", func() bool {
			mails := b.server.outbox(t, key)
			return len(mails) == 2 && mails[0].LastError != nil
		})
		b.visit("/mail")
		b.want("Forgotten password", "Delivered", "Waiting", "could not connect", adminEmail)
		b.look("mail")
		b.fill("state", "failed")
		b.press("Filter")
		b.want("No message is in this state.")
		b.visit("/mail/2")
		b.want("Next attempt", "could not connect")
		b.look("mail-message")
	})
}
