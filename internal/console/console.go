package console

import (
	"embed"
	"log/slog"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/asset"
)

//go:embed templates static
var files embed.FS

// static maps the path of each file that pages load to that file.
var static = []struct{ path, file, contentType string }{
	{"/static/usher.css", "static/usher.css", "text/css; charset=utf-8"},
	{"/static/usher.svg", "static/usher.svg", "image/svg+xml"},
}

// Options is what the pages need from the program. Every field but Secure is
// required.
type Options struct {
	// Recovery sets a new password with a recovery token.
	Recovery Recovery
	// SourceOf tells which network address a request came from, after trusted
	// proxies, in the form of [account.Origin].
	SourceOf func(*http.Request) string
	// Secure says that people reach the server over HTTPS. Cookies are then bound
	// to it; without it they only work for development on loopback.
	Secure bool
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
	reset := &resetPage{pages: p, recovery: o.Recovery, sourceOf: o.SourceOf, secure: o.Secure}
	mux.HandleFunc("GET /reset-password", reset.show)
	mux.HandleFunc("POST /reset-password", reset.submit)

	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(p.crossSite))
	return withHeaders(guard.Handler(mux))
}
