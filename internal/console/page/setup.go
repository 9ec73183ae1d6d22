package page

import (
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// The value of the first run's cookie, and how long the browser keeps it.
const (
	setupInProgress = "yes"
	setupAge        = 24 * 60 * 60 // seconds
)

// SetupStep is a step of the first run: a page that an administrator should visit to set up a new
// server.
type SetupStep struct {
	Path        string
	Label, Hint locale.Phrase
	Done        bool
	Current     bool
}

// Setup is the progress of the first run.
type Setup struct {
	Steps []SetupStep
	Next  *SetupStep // the step after the current one; nil: none
}

// Complete reports whether every step is done.
func (s *Setup) Complete() bool {
	return !slices.ContainsFunc(s.Steps, func(step SetupStep) bool { return !step.Done })
}

// SetupProgress reads the progress of the first run. It fails unless the caller is an
// administrator.
func (q *Request) SetupProgress() (*Setup, error) {
	service := q.site.options.Service
	server, err := service.ServerSettings(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	application, err := service.ApplicationSettings(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	users, err := service.FindUsers(q.Context(), q.Caller, account.UserFilter{}, account.SortByID, "", 2)
	if err != nil {
		return nil, err
	}
	s := &Setup{Steps: []SetupStep{
		{
			Path: "/settings", Label: "Public address", Done: server.PublicURL != nil,
			Hint: "Where people reach this server. The links in messages are made from it.",
		},
		{
			Path: "/settings/mail", Label: "Mail", Done: application.Mail.Server != nil,
			Hint: "The server that sends messages, and a test message to see that it does.",
		},
		{
			Path: "/users/new", Label: "First people", Done: len(users.Users) > 1,
			Hint: "Invite them by mail. They choose their passwords themselves.",
		},
	}}
	for i := range s.Steps {
		s.Steps[i].Current = s.Steps[i].Path == q.URL.Path
		if i > 0 && s.Steps[i-1].Current {
			s.Next = &s.Steps[i]
		}
	}
	return s, nil
}

// BeginSetup makes every page in this browser show the progress of the first run.
func (q *Request) BeginSetup() { q.SetCookie(SetupCookie, setupInProgress, setupAge) }

// currentSetup returns the progress of the first run to show above a page. It returns nil if the
// browser doesn't have the cookie of the first run. If SetupProgress fails, currentSetup logs the
// error and returns nil, because the page itself is more useful than an error page.
func (q *Request) currentSetup() *Setup {
	if _, err := q.Cookie(q.cookieName(SetupCookie)); err != nil || q.RequireAdministrator() != nil {
		return nil
	}
	progress, err := q.SetupProgress()
	if err != nil {
		q.Logger.WarnContext(q.Context(), "progress of the first run not found", "error", err)
	}
	return progress
}
