package profile

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// profilePage is the data of templates/profile.html.
type profilePage struct {
	About, Picture *page.Form  // nil: the caller may not change their own user
	Facts          []page.Fact // read-only values, if About is nil
	Appearance     *page.Form
	Avatar         page.Avatar
	Provider       locale.Phrase
	Roles          []string
}

// providers maps the identity provider of a user to its name on the page.
var providers = map[account.Provider]locale.Phrase{
	account.ProviderLocal: "This server, by a password",
	account.ProviderLDAP:  "The directory of your organisation",
	account.ProviderSAML:  "The identity provider of your organisation",
	account.ProviderTone:  "Tenable One",
}

// newProfilePage returns the data of the page, with the values that are stored.
func newProfilePage(q *page.Request) profilePage {
	view := profilePage{
		Avatar: q.OwnAvatar(), Provider: providers[q.Caller.User.Provider], Appearance: appearanceForm(q),
	}
	for _, r := range q.Caller.Roles {
		view.Roles = append(view.Roles, r.Name)
	}
	if q.MayOwn(access.ActionEdit, access.EntityUser) {
		view.About, view.Picture = aboutForm(q), pictureForm(q)
	} else {
		view.Facts = page.ProfileFacts(q.Caller.User.Profile)
	}
	return view
}

func showProfile(q *page.Request) error {
	return showProfileStatus(q, http.StatusOK, newProfilePage(q))
}

func showProfileStatus(q *page.Request, status int, view profilePage) error {
	return q.ShowStatus(status, "profile.html", q.Tr("Profile"), view)
}

func aboutForm(q *page.Request) *page.Form {
	return &page.Form{
		Action: page.ProfilePath, Submit: "Save", Token: q.FormToken(),
		Fields: page.WithOriginals(page.OwnProfileFields(q.Caller.User.Profile)),
	}
}

func (h *handler) changeProfile(q *page.Request) error {
	up := account.UserUpdate{ProfileUpdate: q.ChangedProfile()}
	if up == (account.UserUpdate{}) {
		return q.RedirectWithFlash(page.ProfilePath, "There was nothing to change.")
	}
	_, err := h.service.UpdateUser(q.Context(), q.Caller, q.Caller.User.ID, up)
	if err == nil {
		return q.RedirectWithFlash(page.ProfilePath, "Your profile was saved.")
	}
	view := newProfilePage(q)
	if view.About == nil {
		return err
	}
	q.PrepareForm(view.About)
	return q.AnswerRefusal(view.About, err, func(status int) error { return showProfileStatus(q, status, view) })
}
