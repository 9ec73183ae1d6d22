// Package overview is the overview of the server and the first run of a new one.
//
// The package imports [page], and no other area of the console.
package overview

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service is the operations that the pages call.
type Service interface {
	Overview(ctx context.Context, caller *account.Principal, zone *time.Location) (account.Overview, error)
}

// handler serves the pages.
type handler struct {
	service Service
}

// Pages returns the routes of the pages. The first run leads an administrator through the
// ordinary pages that a new server needs first. While its cookie is set, each page shows
// the progress.
func Pages(service Service) []page.Route {
	h := &handler{service: service}
	return []page.Route{
		{Pattern: "GET /overview", Handler: h.showOverview},
		{Pattern: "GET " + page.WelcomePath, Handler: showWelcome},
		{Pattern: "POST " + page.WelcomePath + "/begin", Handler: beginSetup},
		{Pattern: "POST " + page.WelcomePath + "/end", Handler: endSetup},
	}
}
