package page

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/asset"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

//go:embed templates static
var files embed.FS

// static maps the URL path of each static file to the embedded file.
var static = []struct{ path, file, contentType string }{
	{"/static/usher.css", "static/usher.css", "text/css; charset=utf-8"},
	{"/static/usher.js", "static/usher.js", "text/javascript; charset=utf-8"},
	{"/static/usher.svg", "static/usher.svg", "image/svg+xml"},
}

// Service is the operations that the toolkit calls, for every page.
type Service interface {
	Authenticate(ctx context.Context, credential secret.Text, from account.Origin) (*account.Principal, error)
	ServerSettings(ctx context.Context, caller *account.Principal) (account.ServerSettings, error)
	ApplicationSettings(ctx context.Context, caller *account.Principal) (account.ApplicationSettings, error)
	FindUsers(ctx context.Context, caller *account.Principal, filter account.UserFilter, sort account.UserSort,
		cursor string, limit int) (account.UserPage, error)
}

// Options configures a [Site]. Every field is required.
type Options struct {
	// Service authenticates the caller and reports the progress of the first run.
	Service Service
	// Menu is the navigation menu. The first entry that a user sees is their home page.
	Menu Menu
	// ClientNetwork returns the client network of a request, behind trusted proxies, in
	// the form of [account.Origin].
	ClientNetwork func(*http.Request) string
	// PublicURL returns the URL at which users reach the server now, over HTTP or HTTPS;
	// nil: not known. Forms from its origin are accepted, also where a proxy gives the
	// server another name. Cookies are Secure if it is an HTTPS one; browsers accept
	// those on loopback without HTTPS.
	PublicURL func(context.Context) (*url.URL, error)
	// Logger receives the failures of the server itself.
	Logger *slog.Logger
}

// Site serves pages. It may be used by many goroutines at once.
type Site struct {
	options   Options
	large     largeForms
	templates sync.Map // parsed templates, by language and name
}

// NewSite returns a site.
func NewSite(o Options) *Site { return &Site{options: o} }

// Handler returns a handler of the routes, and of /static/ for the files that pages load.
// It answers 404 with a page for any other path, and 403 for a request that changes
// something and was sent by another site.
func (s *Site) Handler(routes []Route) http.Handler {
	mux := http.NewServeMux()
	for _, f := range static {
		body, err := files.ReadFile(f.file)
		if err != nil {
			panic("console: " + err.Error()) // the table and the embedded files disagree; any test finds it
		}
		mux.Handle("GET "+f.path, asset.New(f.contentType, body))
	}
	for _, r := range routes {
		mux.Handle(r.Pattern, gate{s, r})
	}
	mux.Handle("/", gate{s, Route{Open: true}}) // no page has this path
	return withHeaders(mux)
}
