package e2e_test

import (
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	adaEmail     = "ada@example.org"
	adaPassword  = "Given-Password-7"
	nextPassword = "Battery-Staple-8"
)

func TestConsoleProfile(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		key := b.server.signInAdmin(t)
		id := b.server.addUser(t, key, "Ada", adaEmail, adaPassword)
		b.server.do(t, http.MethodPatch, "/api/users/"+formatID(id), key, fields{"password": adaPassword}).want(t, 200)
		requestRecoveryByPage(b)
		replaceTemporaryPassword(b)
		editProfile(t, b)
		manageKeys(b)
		b.visit("/profile/activity")
		b.want("Made an API key", "Changed the password")
		b.check("profile-activity")
	})
}

// requestRecoveryByPage requests a recovery message with the console's form.
func requestRecoveryByPage(b *browser) {
	b.visit("/reset-password")
	b.check("reset-no-link")
	b.press("Ask for a message")
	b.check("forgotten")
	b.fill("email", "ada@")
	noValidate := map[string]string{"novalidate": ""}
	b.run("disable the browser's validation", chromedp.SetAttributes(chromedp.CSS("main form"), noValidate))
	b.press("Send me a message")
	b.want("Must be an e-mail address.")
	b.check("forgotten-refused")
	b.fill("email", adaEmail)
	b.press("Send me a message")
	b.want("If there is an account with the address")
	b.check("forgotten-sent")
}

// replaceTemporaryPassword signs in with a password that an administrator has set, and replaces it with a new one.
func replaceTemporaryPassword(b *browser) {
	b.signIn(adaEmail, adaPassword)
	b.want("Choose a new password")
	b.check("password-given")
	b.fill("oldPassword", "Wrong-Password-7")
	b.fill("newPassword", "battery")
	b.fill("repeat", "battery")
	if b.scripts {
		const metRules = "[...document.querySelectorAll('.guide .met')].map(part => part.textContent).join()"
		if met := eval[string](b, metRules); met != "A lower-case letter from a to z: met" {
			b.t.Errorf("the met rules of the policy are: %s", met)
		}
		b.click("button[data-reveal=newPassword]")
		if got := eval[string](b, "document.getElementById('newPassword').type"); got != "text" {
			b.t.Errorf("the type of the revealed field is %s, want text", got)
		}
		b.check("password-guide")
	}
	b.press("Change password")
	b.want("Must have at least 12 characters")
	b.check("password-refused")
	b.fill("oldPassword", adaPassword)
	b.fill("newPassword", nextPassword)
	b.fill("repeat", nextPassword)
	b.press("Change password")
	b.want("Your password was changed.")
}

// editProfile changes the user's profile and the appearance of the console.
func editProfile(t *testing.T, b *browser) {
	b.visit("/profile")
	b.fill("name", " ")
	b.press("Save")
	b.want("Must not be empty or white space alone.")
	b.check("profile-refused")
	b.fill("name", "Ada")
	b.fill("surname", "Lovelace")
	b.press("Save")
	b.want("Your profile was saved.")
	b.check("profile-initials")

	b.run("choose a file", chromedp.SetUploadFiles(chromedp.CSS("[name=picture]"), []string{largePicture(t)}))
	b.press("Upload")
	b.want("Your picture was changed.")
	if width := eval[int](b, "document.querySelector('.portrait img').naturalWidth"); width != 256 {
		b.t.Errorf("the picture is %d pixels wide", width)
	}
	b.check("profile")

	b.fill("zone", "Nowhere")
	b.press("Save appearance")
	b.want("There is no such time zone.")
	b.fill("zone", "Asia/Tokyo")
	b.fill("language", "fr")
	b.fill("theme", "dark")
	b.press("Save appearance")
	b.want("L’apparence est enregistrée.")
	b.check("profile-dark-french")
	b.fill("language", "en")
	b.fill("theme", "light")
	b.press("Enregistrer l’apparence")
	b.want("The appearance was saved.")

	b.visit("/profile/password")
	b.check("password")
	b.visit("/profile/sessions")
	b.want("Chrome on Linux")
	b.check("profile-sessions")
}

// largePicture writes a PNG file that is larger than a profile picture may be, and returns the file's path.
func largePicture(t *testing.T) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 600, 400))
	for i := range m.Pix {
		m.Pix[i] = byte(i/2400) | byte(i%4/3*255)
	}
	name := filepath.Join(t.TempDir(), "portrait.png")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, m); err != nil {
		t.Fatal(err)
	}
	return name
}

// manageKeys creates API keys and revokes one.
func manageKeys(b *browser) {
	b.visit("/profile/keys")
	b.want("You have no named key.")
	b.check("keys-none")
	b.fill("name", " ")
	b.press("Make a key")
	b.want("Must not be empty or white space alone.")
	b.fill("name", "Backup script")
	b.fill("expiresInDays", "365")
	b.press("Make a key")
	b.want("This is shown once.")
	if b.scripts {
		b.click("button[data-copy]")
		const copied = "document.getElementById('once-status').textContent == 'Copied'"
		runValue(b, "wait for the copy", chromedp.Poll[bool](copied))
	}
	b.check("keys-made")
	b.press("Back")
	b.press("Make a key of the contract")
	b.want("You can have it shown again.")
	b.press("Back")
	b.check("keys")
	b.press("Show it")
	b.want("Do not leave the page open.")
	b.press("Back")
	b.press("Make a new key of the contract")
	b.want("There is one at a time")
	b.press("Cancel")
	b.press("End: Backup script")
	b.check("keys-end")
	b.press("End the key")
	b.want("The key has ended.")
}
