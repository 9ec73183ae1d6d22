package console

import (
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/asset"
)

//go:embed templates static
var files embed.FS

// static maps the path of each file that pages load to that file.
var static = []struct{ path, file, contentType string }{
	{"/static/usher.css", "static/usher.css", "text/css; charset=utf-8"},
	{"/static/usher.svg", "static/usher.svg", "image/svg+xml"},
}

// Options is what the pages need from the program. Every field but PublicURL is
// required.
type Options struct {
	// Recovery sets a new password with a recovery token.
	Recovery Recovery
	// SourceOf tells which network address a request came from, after trusted
	// proxies, in the form of [account.Origin].
	SourceOf func(*http.Request) string
	// PublicURL is where people reach the server, over HTTP or HTTPS; nil: not
	// known. Forms from its origin are taken, also where a proxy gives the server
	// another name. Cookies are bound to HTTPS if it says so; otherwise they only
	// work for development on loopback.
	PublicURL *url.URL
	// Logger takes the failures that are the server's own.
	Logger *slog.Logger
}

// New returns the handler of all pages: /reset-password, and /static/ for the
// files that pages load. It answers 404 for any other path. A request that
// changes something is refused with 403 when another site made the browser send
// it.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	for _, s := range static {
		body, err := files.ReadFile(s.file)
		if err != nil {
			panic("console: " + err.Error()) // the table and the embedded files disagree; any test finds it
		}
		mux.Handle("GET "+s.path, asset.New(s.contentType, body))
	}

	p := &pages{logger: o.Logger}
	reset := &resetPage{pages: p, recovery: o.Recovery, sourceOf: o.SourceOf, secure: o.PublicURL != nil && o.PublicURL.Scheme == "https"}
	mux.HandleFunc("GET /reset-password", reset.show)
	mux.HandleFunc("POST /reset-password", reset.submit)

	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(p.crossSite))
	if o.PublicURL != nil {
		if err := guard.AddTrustedOrigin(origin(o.PublicURL)); err != nil {
			panic("console: " + err.Error()) // PublicURL has no scheme or no host
		}
	}
	return withHeaders(guard.Handler(mux))
}

// origin is the origin of u as browsers write it: in lower case, and without the
// port that its scheme has anyway (RFC 6454, section 6.2).
func origin(u *url.URL) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	host := strings.TrimSuffix(strings.ToLower(u.Host), usual)
	return (&url.URL{Scheme: u.Scheme, Host: host}).String()
}
