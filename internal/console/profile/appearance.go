package profile

import (
	"net/http"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/appearance"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// themeNames maps each theme to its name on the page.
var themeNames = map[string]locale.Phrase{"system": "As the system has it", "light": "Light", "dark": "Dark"}

func appearanceForm(q *page.Request) *page.Form {
	language := &page.Field{Name: "language", Label: "Language", Type: "select"}
	for _, l := range locale.Languages {
		language.Options = append(language.Options, page.Option{Value: l.Tag, Text: l.Name, Selected: l == q.Language})
	}
	theme := &page.Field{Name: "theme", Label: "Colours", Type: "select"}
	for _, name := range appearance.Themes() {
		theme.Options = append(theme.Options, page.Option{
			Value: name, Text: q.Tr(themeNames[name]), Selected: name == q.Theme,
		})
	}
	return &page.Form{
		Action: page.ProfilePath + "/appearance", Submit: "Save appearance", Token: q.FormToken(),
		Fields: []*page.Field{language, theme, {
			Name: "zone", Label: "Time zone", Value: q.Zone.String(), Suggest: "zones", Required: true,
			Hint: "As a city: Europe/Paris, or UTC. Times are written in it.",
		}},
	}
}

// changeAppearance stores language, theme and time zone in a cookie of this browser. It also stores
// the language with the account: other browsers use it at the next sign-in.
func (h *handler) changeAppearance(q *page.Request) error {
	view := newProfilePage(q)
	zone, language := q.Value("zone"), q.Value("language")
	if zone == "" || !q.SetZone(zone) {
		q.PrepareForm(view.Appearance)
		q.MarkField(view.Appearance, "zone", "There is no such time zone. Write it as Europe/Paris.")
		return showProfileStatus(q, http.StatusUnprocessableEntity, view)
	}
	if slices.ContainsFunc(locale.Languages, func(l *locale.Language) bool { return l.Tag == language }) {
		up := account.PreferencesUpdate{Language: &language}
		if _, err := h.service.UpdatePreferences(q.Context(), q.Caller, up); err != nil {
			return err
		}
		q.SetLanguage(locale.Match(language))
	}
	q.SetTheme(q.Value("theme"))
	q.SaveAppearance()
	return q.RedirectWithFlash(page.ProfilePath, "The appearance was saved.")
}
