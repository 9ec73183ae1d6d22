package apidocs

import (
	"embed"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/asset"
)

//go:embed assets page
var files embed.FS

// served lists the URL path, the embedded file and the media type of each served file. The first line of rapidoc-min.js
// refers to its licence file by a relative name, so both have paths in the same folder.
var served = []struct{ path, file, contentType string }{
	{"/docs", "page/docs.html", "text/html; charset=utf-8"},
	{"/docs/docs.css", "page/docs.css", "text/css; charset=utf-8"},
	{"/docs/docs.js", "page/docs.js", "text/javascript; charset=utf-8"},
	{"/docs/icon.svg", "page/icon.svg", "image/svg+xml"},
	{"/docs/rapidoc-min.js", "assets/rapidoc-min.js", "text/javascript; charset=utf-8"},
	{"/docs/rapidoc-min.js.LICENSE.txt", "assets/rapidoc-min.js.LICENSE.txt", "text/plain; charset=utf-8"},
}

// policy is the Content-Security-Policy of the page. It allows inline styles, because RapiDoc inserts a <style> element
// and sets style attributes. It forbids inline scripts and other origins.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Handler returns a handler for GET and HEAD of /docs and of the page's files below /docs/. It answers 404 for another
// path and 405 for another method. The page loads the contract from /openapi.yaml of the same origin, which Handler
// doesn't serve.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for _, s := range served {
		body, err := files.ReadFile(s.file)
		if err != nil {
			// The list served names a file that isn't embedded. All tests of the package fail.
			panic("apidocs: " + err.Error())
		}
		mux.Handle("GET "+s.path, asset.New(s.contentType, body))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		mux.ServeHTTP(w, r)
	})
}
