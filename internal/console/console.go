package console

import (
	"context"
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

// Options is what the pages need from the program. Every field is required.
type Options struct {
	// Recovery sets a new password with a recovery token.
	Recovery Recovery
	// SourceOf tells which network address a request came from, after trusted
	// proxies, in the form of [account.Origin].
	SourceOf func(*http.Request) string
	// PublicURL tells where people reach the server at this moment, over HTTP or
	// HTTPS; nil: not known. Forms from its origin are taken, also where a proxy
	// gives the server another name. Cookies are bound to HTTPS if it says so;
	// otherwise they only work for development on loopback.
	PublicURL func(context.Context) (*url.URL, error)
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
	reset := &resetPage{pages: p, recovery: o.Recovery, sourceOf: o.SourceOf}
	mux.Handle("GET /reset-password", p.guarded(o.PublicURL, reset.show))
	mux.Handle("POST /reset-password", p.guarded(o.PublicURL, reset.submit))
	return withHeaders(mux)
}

// guarded keeps requests that another site made the browser send from a page, and
// tells the page by which scheme people reach it.
func (p *pages) guarded(publicURL func(context.Context) (*url.URL, error), page http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		public, err := publicURL(r.Context())
		guard := http.NewCrossOriginProtection()
		if err == nil && public != nil {
			err = guard.AddTrustedOrigin(origin(public))
		}
		if err != nil {
			p.fault(w, r, err)
			return
		}
		if guard.Check(r) != nil {
			p.crossSite(w, r)
			return
		}
		secure := public != nil && public.Scheme == "https"
		page(w, r.WithContext(context.WithValue(r.Context(), secureKey{}, secure)))
	})
}

type secureKey struct{}

// isSecure reports whether people reach the page of a request by HTTPS.
func isSecure(r *http.Request) bool {
	secure, _ := r.Context().Value(secureKey{}).(bool)
	return secure
}

// origin is the origin of u as browsers write it: in lower case, and without the
// port that its scheme has anyway (RFC 6454, section 6.2).
func origin(u *url.URL) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	host := strings.TrimSuffix(strings.ToLower(u.Host), usual)
	return (&url.URL{Scheme: u.Scheme, Host: host}).String()
}
