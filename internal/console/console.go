package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/console/activity"
	"github.com/seed-3a99a2fe/usher/internal/console/imports"
	"github.com/seed-3a99a2fe/usher/internal/console/outbox"
	"github.com/seed-3a99a2fe/usher/internal/console/overview"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/console/profile"
	"github.com/seed-3a99a2fe/usher/internal/console/roles"
	"github.com/seed-3a99a2fe/usher/internal/console/settings"
	"github.com/seed-3a99a2fe/usher/internal/console/signin"
	"github.com/seed-3a99a2fe/usher/internal/console/users"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// Options configures the console. Every field is required.
type Options struct {
	// Accounts are the rules.
	Accounts *service.Service
	// Recovery sets a new password with a recovery token; Accounts does.
	Recovery signin.Recovery
	// ClientNetwork returns the client network of a request, behind trusted proxies, in
	// the form of [account.Origin].
	ClientNetwork func(*http.Request) string
	// PublicURL returns the URL at which users reach the server now, over HTTP or HTTPS;
	// nil: not known. See [page.Options].
	PublicURL func(context.Context) (*url.URL, error)
	// Logger receives the failures of the server itself.
	Logger *slog.Logger
}

// New returns the handler of all pages and of their static files. It answers 404 with a
// page for any other path. It refuses with 403 a request that changes something and was
// sent by another site.
func New(o Options) http.Handler {
	site := page.NewSite(page.Options{
		Service: o.Accounts, Menu: menu, ClientNetwork: o.ClientNetwork, PublicURL: o.PublicURL, Logger: o.Logger,
	})
	return site.Handler(routes(o))
}

// routes is the table of pages. A page is closed to visitors unless its route says Open.
func routes(o Options) []page.Route {
	return slices.Concat(
		[]page.Route{{Pattern: "GET /{$}", Handler: (*page.Request).RedirectHome}},
		signin.Pages(o.Accounts, o.Recovery),
		overview.Pages(o.Accounts),
		users.Pages(o.Accounts),
		imports.Pages(o.Accounts),
		roles.Pages(o.Accounts),
		activity.Pages(o.Accounts),
		outbox.Pages(o.Accounts),
		settings.Pages(o.Accounts),
		profile.Pages(o.Accounts),
	)
}
