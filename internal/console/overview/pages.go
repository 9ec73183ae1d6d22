// Package overview serves the overview of the server, and the first run: the steps in which an
// administrator sets up a new server.
package overview

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	Overview(ctx context.Context, caller *account.Principal, zone *time.Location) (account.Overview, error)
}

// Proxies describes the proxies in front of the server.
type Proxies struct {
	Trusted     bool          // the operator has named trusted proxies
	IgnoredPeer func() string // see console.Options; may be nil
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
	proxies Proxies
}

// Pages returns the routes of this area. The first run takes an administrator through the ordinary
// pages that set up a new server. While the browser has the cookie of the first run, every page
// shows its progress.
func Pages(service Service, proxies Proxies) []page.Route {
	h := &handler{service: service, proxies: proxies}
	return []page.Route{
		{Pattern: "GET /overview", Handler: h.showOverview},
		{Pattern: "GET " + page.WelcomePath, Handler: showWelcome},
		{Pattern: "POST " + page.WelcomePath + "/begin", Handler: beginSetup},
		{Pattern: "POST " + page.WelcomePath + "/end", Handler: endSetup},
	}
}
