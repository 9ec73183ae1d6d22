package console

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/seed-3a99a2fe/usher/internal/asset"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

//go:embed templates static
var files embed.FS

// static maps the path of each file that pages load to that file.
var static = []struct{ path, file, contentType string }{
	{"/static/usher.css", "static/usher.css", "text/css; charset=utf-8"},
	{"/static/usher.js", "static/usher.js", "text/javascript; charset=utf-8"},
	{"/static/usher.svg", "static/usher.svg", "image/svg+xml"},
}

// Options is what the pages need from the program. Every field is required.
type Options struct {
	// Accounts are the rules.
	Accounts *service.Service
	// Recovery sets a new password with a recovery token; Accounts does.
	Recovery Recovery
	// ClientNetwork tells which network address a request came from, after trusted
	// proxies, in the form of [account.Origin].
	ClientNetwork func(*http.Request) string
	// PublicURL tells where people reach the server at this moment, over HTTP or
	// HTTPS; nil: not known. Forms from its origin are taken, also where a proxy
	// gives the server another name. Cookies are bound to HTTPS if it says so;
	// browsers take those on loopback without it, too.
	PublicURL func(context.Context) (*url.URL, error)
	// Logger takes the failures that are the server's own.
	Logger *slog.Logger
}

// console answers every page.
type console struct {
	Options
	accounts *service.Service
	uploads  *uploads
	large    largeForms
}

// New returns the handler of all pages, and of /static/ for the files that they
// load. It answers 404 with a page for any other path. A request that changes
// something is refused with 403 when another site made the browser send it.
func New(o Options) http.Handler {
	c := &console{Options: o, accounts: o.Accounts, uploads: newUploads()}
	mux := http.NewServeMux()
	for _, s := range static {
		body, err := files.ReadFile(s.file)
		if err != nil {
			panic("console: " + err.Error()) // the table and the embedded files disagree; any test finds it
		}
		mux.Handle("GET "+s.path, asset.New(s.contentType, body))
	}
	for _, r := range routes {
		mux.Handle(r.pattern, c.enter(r))
	}
	mux.Handle("/", c.enter(route{open: true})) // a page that is not there
	return withHeaders(mux)
}
