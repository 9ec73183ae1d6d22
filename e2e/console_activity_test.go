package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
)

func TestConsoleActivity(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		key := b.server.signInAdmin(t)
		ada := b.server.addUser(t, key, "Ada", "ada@example.org", adminPassword)
		for i := range 51 {
			name := fmt.Sprintf("Ada, called the countess of numbers %d.", i)
			b.server.do(t, "PATCH", "/api/users/"+formatID(ada), key, fields{"name": name}).want(t, http.StatusOK)
		}
		b.server.awaitSealed(t)
		b.signIn(adminEmail, adminPassword)
		b.visit("/activity")
		b.want("ada@example.org", "1 field")
		b.check("activity")
		b.visit("/activity?action=user.update")
		b.press("Older")
		b.click("tbody summary")
		b.want("countess of numbers 0.")
		b.check("activity-last-page")
		b.press("Newest")
		b.want("Older")

		b.fill("actor", "nobody@example.org")
		b.press("Filter")
		b.want("There is no user with this address.")
		b.check("activity-fault")
		b.fill("actor", "ada@example.org")
		b.press("Filter")
		b.want("Nothing fits this filter.")
		b.check("activity-empty")
		b.press("Show all")
		if got := b.address(); got != "/activity" {
			t.Errorf("without a filter the page is %s, want /activity", got)
		}
	})
}
