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

// static has the static files: the URL path, the embedded file and its media type.
var static = []struct{ path, file, contentType string }{
	{"/static/usher.css", "static/usher.css", "text/css; charset=utf-8"},
	{"/static/usher.js", "static/usher.js", "text/javascript; charset=utf-8"},
	{"/static/usher.svg", "static/usher.svg", "image/svg+xml"},
}

// Service is the part of package service that every page needs.
type Service interface {
	Authenticate(ctx context.Context, credential secret.Text, from account.Origin) (*account.Principal, error)
	ServerSettings(ctx context.Context, caller *account.Principal) (account.ServerSettings, error)
	ApplicationSettings(ctx context.Context, caller *account.Principal) (account.ApplicationSettings, error)
	CountRefusedRead(caller *account.Principal)
	FindUsers(ctx context.Context, caller *account.Principal, filter account.UserFilter, sort account.UserSort,
		cursor string, limit int) (account.UserPage, error)
}

// Options configures a [Site]. Every field is required.
type Options struct {
	// Service authenticates the caller, counts refused reads, and reports the progress of the first
	// run.
	Service Service
	// Menu is the navigation menu. The first entry that a user sees is that user's home page.
	Menu Menu
	// ClientNetwork returns the client network of a request, in the form of [account.Origin]. It
	// must take trusted proxies into account.
	ClientNetwork func(*http.Request) string
	// PublicURL returns the current URL at which users reach the server, or nil if it is not known.
	// Forms from its origin are accepted even if a proxy changes the Host header. If the scheme is
	// https, cookies are Secure. Browsers also accept Secure cookies from a loopback address over
	// plain HTTP.
	PublicURL func(context.Context) (*url.URL, error)
	// Logger receives internal errors.
	Logger *slog.Logger
}

// Site serves the pages. It is safe for concurrent use.
type Site struct {
	options   Options
	uploads   uploads
	templates sync.Map // parsed templates, by language tag and file name
}

// NewSite returns a Site with these options.
func NewSite(o Options) *Site { return &Site{options: o} }

// Handler returns a handler for the routes, and for the static files below /static/. For an unknown
// path it answers 404 with a page. It answers 403 to a request that changes something if another
// site sent the request.
func (s *Site) Handler(routes []Route) http.Handler {
	mux := http.NewServeMux()
	for _, f := range static {
		body, err := files.ReadFile(f.file)
		if err != nil {
			panic("console: " + err.Error()) // a file in static is not embedded; every test would find this
		}
		mux.Handle("GET "+f.path, asset.New(f.contentType, body))
	}
	for _, r := range routes {
		mux.Handle(r.Pattern, gate{s, r})
	}
	mux.Handle("/", gate{s, Route{Open: true}}) // every unknown path
	return withHeaders(mux)
}
