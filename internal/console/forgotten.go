package console

import (
	"net/http"
)

const (
	forgottenPath = "/forgotten-password"
	sentPath      = forgottenPath + "/sent"
)

// forgottenRoutes let a person ask for a recovery message. They are for those who are
// signed in as well: one may have forgotten what a browser still remembers.
var forgottenRoutes = []route{
	{pattern: "GET " + forgottenPath, page: (*request).showForgotten, open: true},
	{pattern: "POST " + forgottenPath, page: (*request).forgotten, open: true},
	{pattern: "GET " + sentPath, page: (*request).showSent, open: true},
}

func (q *request) forgottenForm() *form {
	return q.form(&form{
		Action: forgottenPath, Submit: "Send me a message",
		Fields: []*field{{
			Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Required: true, Autofocus: true,
			Hint: "The address of your account. A link to choose a new password goes there.",
		}},
	})
}

func (q *request) showForgotten() error {
	return q.show("forgotten.html", "Forgotten password", q.forgottenForm())
}

// forgotten asks for the message. For every address that is one, the next page is the
// same.
func (q *request) forgotten() error {
	err := q.accounts.ForgottenPassword(q.Context(), q.value("email"), q.from())
	if err == nil {
		return q.redirect(sentPath)
	}
	f := q.forgottenForm()
	status := q.refuse(f, err)
	if status == 0 {
		return err
	}
	return q.showStatus(status, "forgotten.html", q.say("Forgotten password"), f)
}

func (q *request) showSent() error {
	n := q.paragraphs(advice,
		"If there is an account with the address, a message is on its way to it. Its link works once, for half an hour.",
		"No message after a few minutes? Look among the unwanted mail, and whether the address was that of your account. Somebody gets three messages an hour at most.",
		"If it still does not come, ask your administrator.")
	n.Link = &link{signInPath, "Back to signing in"}
	if q.caller != nil {
		n.Link = &link{"/", "Back"}
	}
	q.notify(http.StatusOK, "Look into your mail", n)
	return nil
}
