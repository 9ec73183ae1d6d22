package console

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Patterns returns the patterns of the pages that are open to everybody, and of the
// others.
func Patterns() (open, closed []string) {
	for _, r := range routes {
		if r.open {
			open = append(open, r.pattern)
		} else {
			closed = append(closed, r.pattern)
		}
	}
	return open, closed
}

// SaysAction reports whether an action of the activity log has a phrase.
func SaysAction(action account.Action) bool { return activityPhrases[action] != "" }

// Device is what a client is called in English.
func Device(userAgent string) string {
	return (&request{look: look{language: locale.Languages[0]}}).device(userAgent)
}
