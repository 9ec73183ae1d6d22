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
		key := b.server.admin(t)
		id := b.server.addUser(t, key, "Ada", adaEmail, adaPassword)
		b.server.do(t, http.MethodPatch, "/api/users/"+number(id), key, fields{"password": adaPassword}).want(t, 200)
		forgottenPassword(b)
		givenPassword(b)
		profile(t, b)
		ownKeys(b)
		b.visit("/profile/activity")
		b.want("Made an API key", "Changed the password")
		b.look("profile-activity")
	})
}

// forgottenPassword asks for a message.
func forgottenPassword(b *browser) {
	b.visit("/reset-password")
	b.look("reset-no-link")
	b.press("Ask for a message")
	b.look("forgotten")
	b.fill("email", "ada@")
	b.run("send what browsers refuse", chromedp.SetAttributes(chromedp.CSS("main form"), map[string]string{"novalidate": ""}))
	b.press("Send me a message")
	b.want("Must be an e-mail address.")
	b.look("forgotten-refused")
	b.fill("email", adaEmail)
	b.press("Send me a message")
	b.want("If there is an account with the address")
	b.look("forgotten-sent")
}

// givenPassword signs in with a password that was given, and chooses another.
func givenPassword(b *browser) {
	b.signIn(adaEmail, adaPassword)
	b.want("Choose a new password")
	b.look("password-given")
	b.fill("oldPassword", "Wrong-Password-7")
	b.fill("newPassword", "battery")
	b.fill("repeat", "battery")
	if b.scripts {
		if met := eval[string](b, "[...document.querySelectorAll('.guide .met')].map(part => part.textContent).join()"); met != "A lower-case letter from a to z: met" {
			b.t.Errorf("of the rule is met: %s", met)
		}
		b.click("button[data-reveal=newPassword]")
		if shown := eval[string](b, "document.getElementById('newPassword').type"); shown != "text" {
			b.t.Errorf("the password is shown as %s", shown)
		}
		b.look("password-guide")
	}
	b.press("Change password")
	b.want("Must have at least 12 characters")
	b.look("password-refused")
	b.fill("oldPassword", adaPassword)
	b.fill("newPassword", nextPassword)
	b.fill("repeat", nextPassword)
	b.press("Change password")
	b.want("Your password was changed.")
}

// profile changes what a person says of himself, and how he wants his pages.
func profile(t *testing.T, b *browser) {
	b.visit("/profile")
	b.fill("name", " ")
	b.press("Save")
	b.want("Must not be empty or white space alone.")
	b.look("profile-refused")
	b.fill("name", "Ada")
	b.fill("surname", "Lovelace")
	b.press("Save")
	b.want("Your profile was saved.")
	b.look("profile-initials")

	b.run("choose a file", chromedp.SetUploadFiles(chromedp.CSS("[name=picture]"), []string{portrait(t)}))
	b.press("Upload")
	b.want("Your picture was changed.")
	if width := eval[int](b, "document.querySelector('.portrait img').naturalWidth"); width != 256 {
		b.t.Errorf("the picture is %d pixels wide", width)
	}
	b.look("profile")

	b.fill("zone", "Nowhere")
	b.press("Save appearance")
	b.want("There is no such time zone.")
	b.fill("zone", "Asia/Tokyo")
	b.fill("language", "fr")
	b.fill("theme", "dark")
	b.press("Save appearance")
	b.want("L’apparence est enregistrée.")
	b.look("profile-dark-french")
	b.fill("language", "en")
	b.fill("theme", "light")
	b.press("Enregistrer l’apparence")
	b.want("The appearance was saved.")

	b.visit("/profile/password")
	b.look("password")
	b.visit("/profile/sessions")
	b.want("Chrome on Linux")
	b.look("profile-sessions")
}

// portrait is a file with a picture, which is too large for an account.
func portrait(t *testing.T) string {
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

// ownKeys makes keys and ends one.
func ownKeys(b *browser) {
	b.visit("/profile/keys")
	b.want("You have no named key.")
	b.look("keys-none")
	b.fill("name", " ")
	b.press("Make a key")
	b.want("Must not be empty or white space alone.")
	b.fill("name", "Backup script")
	b.fill("expiresInDays", "365")
	b.press("Make a key")
	b.want("This is shown once.")
	if b.scripts {
		b.click("button[data-copy]")
		get(b, "see that it was copied", chromedp.Poll[bool]("document.getElementById('once-status').textContent == 'Copied'"))
	}
	b.look("keys-made")
	b.press("Back")
	b.press("Make a key of the contract")
	b.want("You can have it shown again.")
	b.press("Back")
	b.look("keys")
	b.press("Show it")
	b.want("Do not leave the page open.")
	b.press("Back")
	b.press("Make a new key of the contract")
	b.want("There is one at a time")
	b.press("Cancel")
	b.press("End: Backup script")
	b.look("keys-end")
	b.press("End the key")
	b.want("The key has ended.")
}
