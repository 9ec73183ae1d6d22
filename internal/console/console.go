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

// Options configures the console. Every field except IgnoredPeer is required.
type Options struct {
	// Accounts has the operations that the pages call.
	Accounts *service.Service
	// Recovery sets a new password with a recovery token. Accounts implements it; tests replace it.
	Recovery signin.Recovery
	// ClientNetwork returns the client network of a request, in the form of [account.Origin]. It
	// must take trusted proxies into account.
	ClientNetwork func(*http.Request) string
	// PublicURL returns the current URL at which users reach the server, or nil if it is not known.
	// See [page.Options].
	PublicURL func(context.Context) (*url.URL, error)
	// TrustsProxies reports whether the operator has named proxies whose X-Forwarded-For is trusted.
	TrustsProxies bool
	// IgnoredPeer returns the network of a peer whose X-Forwarded-For was ignored, or "" if there
	// was none. nil: it is not known.
	IgnoredPeer func() string
	// Logger receives internal errors.
	Logger *slog.Logger
}

// New returns the handler of all pages and of their static files. For an unknown path it answers
// 404 with a page. It answers 403 to a request that changes something if another site sent the
// request.
func New(o Options) http.Handler {
	site := page.NewSite(page.Options{
		Service: o.Accounts, Menu: menu, ClientNetwork: o.ClientNetwork, PublicURL: o.PublicURL, Logger: o.Logger,
	})
	return site.Handler(routes(o))
}

// routes returns the routes of all pages. A route needs a session unless it sets Open.
func routes(o Options) []page.Route {
	return slices.Concat(
		[]page.Route{{Pattern: "GET /{$}", Handler: (*page.Request).RedirectHome}},
		signin.Pages(o.Accounts, o.Recovery),
		overview.Pages(o.Accounts, overview.Proxies{Trusted: o.TrustsProxies, IgnoredPeer: o.IgnoredPeer}),
		users.Pages(o.Accounts),
		imports.Pages(o.Accounts),
		roles.Pages(o.Accounts),
		activity.Pages(o.Accounts),
		outbox.Pages(o.Accounts),
		settings.Pages(o.Accounts),
		profile.Pages(o.Accounts),
	)
}
