package signin

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

const (
	forgottenPath = "/forgotten-password"
	sentPath      = forgottenPath + "/sent"
)

func forgottenForm(q *page.Request) *page.Form {
	return q.PrepareForm(&page.Form{
		Action: forgottenPath, Submit: "Send me a message",
		Fields: []*page.Field{{
			Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Required: true, Autofocus: true,
			Hint: "The address of your account. A link to choose a new password goes there.",
		}},
	})
}

func showForgotten(q *page.Request) error {
	return q.Show("forgotten.html", "Forgotten password", forgottenForm(q))
}

// forgotten requests a recovery message. It shows the same page for every valid address, so that
// nobody can find out which addresses have an account.
func (h *handler) forgotten(q *page.Request) error {
	err := h.service.ForgottenPassword(q.Context(), q.Value("email"), q.Origin())
	if err == nil {
		return q.Redirect(sentPath)
	}
	f := forgottenForm(q)
	return q.AnswerRefusal(f, err, func(status int) error {
		return q.ShowStatus(status, "forgotten.html", q.Tr("Forgotten password"), f)
	})
}

func showSent(q *page.Request) error {
	n := q.NewNotice(page.NoticeAdvice,
		"If there is an account with the address, a message is on its way to it. Its link works once, for half an "+
			"hour.",
		"No message after a few minutes? Look among the unwanted mail, and whether the address was that of your "+
			"account. Somebody gets three messages an hour at most.",
		"If it still does not come, ask your administrator.")
	n.Link = &page.Link{Path: page.SignInPath, Text: "Back to signing in"}
	if q.Caller != nil {
		n.Link = &page.Link{Path: "/", Text: "Back"}
	}
	return q.Notify(http.StatusOK, "Look into your mail", n)
}
