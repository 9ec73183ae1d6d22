package overview

import (
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// showWelcome lists the steps of the first run.
func showWelcome(q *page.Request) error {
	if err := q.RequireAdministrator(); err != nil {
		return err
	}
	progress, err := q.SetupProgress()
	if err != nil {
		return err
	}
	return q.Show("welcome.html", "Set this server up", progress)
}

// beginSetup starts the first run and opens the page of the first step that is not done.
func beginSetup(q *page.Request) error {
	if err := q.RequireAdministrator(); err != nil {
		return err
	}
	progress, err := q.SetupProgress()
	if err != nil {
		return err
	}
	q.BeginSetup()
	for _, step := range progress.Steps {
		if !step.Done {
			return q.Redirect(step.Path)
		}
	}
	return q.Redirect(progress.Steps[0].Path)
}

func endSetup(q *page.Request) error {
	q.SetCookie(page.SetupCookie, "", -1)
	return q.Redirect("/")
}
