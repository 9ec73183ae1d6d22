package console

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/picture"
)

const profilePath = "/profile"

var editUser = permission{access.ActionEdit, access.EntityUser}

var profileRoutes = []route{
	{pattern: "GET " + profilePath, page: (*request).showProfile},
	{pattern: "POST " + profilePath, page: (*request).changeProfile, may: editUser, body: maxChangeBytes},
	{pattern: "POST " + profilePath + "/picture", page: (*request).changePicture, may: editUser, body: picture.MaxFileBytes + maxFormBytes},
	{pattern: "POST " + profilePath + "/picture/remove", page: (*request).removePicture, may: editUser},
	{pattern: "POST " + profilePath + "/appearance", page: (*request).changeAppearance},
}

// profilePage is what templates/profile.html shows.
type profilePage struct {
	About, Picture *form // nil: the caller may not change them
	Appearance     *form
	Avatar         avatar
	Provider       locale.Phrase
	Roles          []string
}

// providers says who signs people in.
var providers = map[account.Provider]locale.Phrase{
	account.ProviderLocal: "This server, by a password",
	account.ProviderLDAP:  "The directory of your organisation",
	account.ProviderSAML:  "The identity provider of your organisation",
	account.ProviderTone:  "Tenable One",
}

// mayOwn reports whether the caller may do something with what is his own.
func (q *request) mayOwn(action access.Action, entity access.Entity) bool {
	return account.Allow(q.caller, action, entity, q.caller.User.ID) == nil
}

// profile is the page as it is before anything is typed.
func (q *request) profile() profilePage {
	page := profilePage{Avatar: q.ownAvatar(), Provider: providers[q.caller.User.Provider], Appearance: q.appearanceForm()}
	for _, r := range q.caller.Roles {
		page.Roles = append(page.Roles, r.Name)
	}
	if q.mayOwn(access.ActionEdit, access.EntityUser) {
		page.About, page.Picture = q.aboutForm(), q.pictureForm()
	}
	return page
}

func (q *request) showProfile() error { return q.showProfileStatus(http.StatusOK, q.profile()) }

func (q *request) showProfileStatus(status int, page profilePage) error {
	return q.showStatus(status, "profile.html", q.say("Profile"), page)
}

func (q *request) aboutForm() *form {
	u := q.caller.User
	return &form{
		Action: profilePath, Submit: "Save", Token: q.FormToken(),
		Fields: withShown([]*field{
			{Name: "name", Label: "Name", Value: u.Name, Autocomplete: "given-name", Required: true},
			{Name: "surname", Label: "Surname", Value: orEmpty(u.Surname), Autocomplete: "family-name"},
			{Name: "department", Label: "Department", Value: orEmpty(u.Department), Autocomplete: "organization"},
			{Name: "biography", Label: "Biography", Type: "textarea", Value: orEmpty(u.Biography), Hint: "What others should know about you."},
		}),
	}
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (q *request) changeProfile() error {
	up := q.sentProfile()
	if up == (account.UserUpdate{}) {
		return q.done(profilePath, "There was nothing to change.")
	}
	_, err := q.accounts.UpdateUser(q.Context(), q.caller, q.caller.User.ID, up)
	if err == nil {
		return q.done(profilePath, "Your profile was saved.")
	}
	page := q.profile()
	if page.About == nil {
		return err
	}
	q.form(page.About)
	status := q.refuse(page.About, err)
	if status == 0 {
		return err
	}
	return q.showProfileStatus(status, page)
}

func (q *request) pictureForm() *form {
	return &form{
		Action: profilePath + "/picture", Submit: "Upload", Files: true, Token: q.FormToken(),
		Fields: []*field{{
			Name: "picture", Label: "New picture", Type: "file", Required: true, Accept: "image/png,image/jpeg,image/gif,image/webp",
			Hint: "PNG, JPEG, GIF or WebP, up to 10 MB. The server makes it small and keeps nothing else of the file, such as where it was taken.",
		}},
	}
}

// changePicture keeps the picture that was sent, made small.
func (q *request) changePicture() error {
	if err := account.Allow(q.caller, access.ActionEdit, access.EntityUser, q.caller.User.ID); err != nil {
		return err
	}
	file, err := q.file("picture")
	if err != nil {
		return err
	}
	small, err := picture.Shrink(q.Context(), file, account.MaxPictureBytes)
	page := q.profile()
	switch {
	case errors.Is(err, picture.ErrUnreadable):
		return q.refusePicture(page, "This is not a whole picture of PNG, JPEG, GIF or WebP. Choose another.")
	case errors.Is(err, picture.ErrTooLarge):
		return q.refusePicture(page, "This has too many pixels. Make it smaller, and try again.")
	case errors.Is(err, picture.ErrNoFit):
		return q.refusePicture(page, "This cannot be made small enough. Choose another.")
	}
	if err != nil {
		return err
	}
	return q.keepPicture(small, "Your picture was changed.")
}

func (q *request) refusePicture(page profilePage, why locale.Phrase) error {
	q.markField(page.Picture, "picture", why)
	return q.showProfileStatus(http.StatusUnprocessableEntity, page)
}

func (q *request) removePicture() error { return q.keepPicture(nil, "Your picture was removed.") }

func (q *request) keepPicture(file []byte, what locale.Phrase) error {
	_, err := q.accounts.UpdateUser(q.Context(), q.caller, q.caller.User.ID, account.UserUpdate{Picture: &file})
	if err != nil {
		return err
	}
	return q.done(profilePath, what)
}

// file is what was sent in a field for a file; nothing, where none was chosen.
func (q *request) file(name string) ([]byte, error) {
	if q.MultipartForm == nil || len(q.MultipartForm.File[name]) == 0 {
		return nil, nil
	}
	opened, err := q.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	file := make([]byte, q.MultipartForm.File[name][0].Size) // the route bounds it
	_, err = io.ReadFull(opened, file)
	return file, err
}

// themeNames are what people call the themes.
var themeNames = map[string]locale.Phrase{"system": "As the system has it", "light": "Light", "dark": "Dark"}

func (q *request) appearanceForm() *form {
	language := &field{Name: "language", Label: "Language", Type: "select"}
	for _, l := range locale.Languages {
		language.Options = append(language.Options, option{Value: l.Tag, Text: l.Name, Selected: l == q.look.language})
	}
	theme := &field{Name: "theme", Label: "Colours", Type: "select"}
	for _, name := range themes {
		theme.Options = append(theme.Options, option{Value: name, Text: q.say(themeNames[name]), Selected: name == q.look.theme})
	}
	return &form{
		Action: profilePath + "/appearance", Submit: "Save appearance", Token: q.FormToken(),
		Fields: []*field{language, theme, {
			Name: "zone", Label: "Time zone", Value: q.look.zone.String(), Suggest: "zones", Required: true,
			Hint: "As a city: Europe/Paris, or UTC. Times are written in it.",
		}},
	}
}

// changeAppearance keeps in this browser how pages look, and with the account the
// language, for the next browser.
func (q *request) changeAppearance() error {
	page := q.profile()
	zone, language := q.value("zone"), q.value("language")
	if zone == "" || !q.look.setZone(zone) {
		q.form(page.Appearance)
		q.markField(page.Appearance, "zone", "There is no such time zone. Write it as Europe/Paris.")
		return q.showProfileStatus(http.StatusUnprocessableEntity, page)
	}
	if slices.ContainsFunc(locale.Languages, func(l *locale.Language) bool { return l.Tag == language }) {
		if _, err := q.accounts.UpdatePreferences(q.Context(), q.caller, account.PreferencesUpdate{Language: &language}); err != nil {
			return err
		}
		q.look.setLanguage(locale.Match(language))
	}
	q.look.setTheme(q.value("theme"))
	q.keepLook()
	return q.done(profilePath, "The appearance was saved.")
}
