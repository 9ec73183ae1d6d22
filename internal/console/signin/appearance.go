package signin

import (
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// changeAppearance sets the language or the theme in this browser, and redirects back to the page
// that the form was on.
func changeAppearance(q *page.Request) error {
	if l := q.Value("language"); l != "" {
		q.SetLanguage(locale.Match(l))
	}
	if t := q.Value("theme"); t != "" {
		q.SetTheme(t)
	}
	q.SaveAppearance()
	return q.Redirect(page.LocalPath(q.Value("back")))
}
