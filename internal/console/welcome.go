package console

import (
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

const welcomePath = "/welcome"

// The first run: an administrator is led through the pages that a new server needs
// first. They are the ordinary ones; a cookie has each show, above it, what is done and
// what comes next.
var welcomeRoutes = []route{
	{pattern: "GET " + welcomePath, page: (*request).welcome},
	{pattern: "POST " + welcomePath + "/begin", page: (*request).beginSetup},
	{pattern: "POST " + welcomePath + "/end", page: (*request).endSetup},
}

// The cookie of who is setting up.
const (
	setupGoesOn = "yes"
	setupAge    = 24 * 60 * 60 // seconds
)

// setupStep is a page of the first run.
type setupStep struct {
	Path        string
	Label, Hint locale.Phrase
	Done        bool // there is something of it already
	Current     bool
}

// setup is how far the first run has come.
type setup struct {
	Steps []setupStep
	Next  *setupStep // after the current one; nil: none
}

// done reports whether there is something of everything.
func (s *setup) done() bool {
	return !slices.ContainsFunc(s.Steps, func(step setupStep) bool { return !step.Done })
}

// setupProgress looks what a new server has. Only an administrator may ask.
func (q *request) setupProgress() (*setup, error) {
	server, err := q.accounts.ServerSettings(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	application, err := q.accounts.ApplicationSettings(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	people, err := q.accounts.FindUsers(q.Context(), q.caller, account.UserFilter{}, account.SortByID, "", 2)
	if err != nil {
		return nil, err
	}
	s := &setup{Steps: []setupStep{
		{Path: "/settings", Label: "Public address", Hint: "Where people reach this server. The links in messages are made from it.", Done: server.PublicURL != nil},
		{Path: "/settings/mail", Label: "Mail", Hint: "The server that sends messages, and a test message to see that it does.", Done: application.Mail.Server != nil},
		{Path: "/users/new", Label: "First people", Hint: "Invite them by mail. They choose their passwords themselves.", Done: len(people.Users) > 1},
	}}
	for i := range s.Steps {
		s.Steps[i].Current = s.Steps[i].Path == q.URL.Path
		if i > 0 && s.Steps[i-1].Current {
			s.Next = &s.Steps[i]
		}
	}
	return s, nil
}

// settingUp is the progress to show above a page; nil for who is not setting up. It is
// left out when it cannot be found: the page itself may be the one that says why.
func (q *request) settingUp() *setup {
	if _, err := q.Cookie(q.cookieName(setupCookie)); err != nil || q.mustAdminister() != nil {
		return nil
	}
	progress, err := q.setupProgress()
	if err != nil {
		q.Logger.WarnContext(q.Context(), "progress of the first run not found", "error", err)
	}
	return progress
}

// mustAdminister fails for who cannot set a server up.
func (q *request) mustAdminister() error {
	if !q.caller.Access.Administrator {
		return &account.Error{Code: account.CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// welcome says what a new server needs.
func (q *request) welcome() error {
	if err := q.mustAdminister(); err != nil {
		return err
	}
	progress, err := q.setupProgress()
	if err != nil {
		return err
	}
	return q.show("welcome.html", "Set this server up", progress)
}

// firstPage is where somebody goes on who has chosen his first password: the first
// administrator of a new server to what it needs.
func (q *request) firstPage() string {
	if q.mustAdminister() != nil {
		return "/"
	}
	return welcomePath
}

func (q *request) beginSetup() error {
	if err := q.mustAdminister(); err != nil {
		return err
	}
	progress, err := q.setupProgress()
	if err != nil {
		return err
	}
	q.setCookie(setupCookie, setupGoesOn, setupAge)
	for _, step := range progress.Steps {
		if !step.Done {
			return q.redirect(step.Path)
		}
	}
	return q.redirect(progress.Steps[0].Path)
}

func (q *request) endSetup() error {
	q.setCookie(setupCookie, "", -1)
	return q.redirect("/")
}
