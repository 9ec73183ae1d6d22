package apidocs

import (
	"embed"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/asset"
)

//go:embed assets page
var files embed.FS

// served maps each path to its file. The first line of the script refers to the licence by its relative name, so both
// have the same folder.
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

// Handler serves GET and HEAD of /docs and of the page's files below /docs/. The page loads the contract from
// /openapi.yaml of the same origin. Handler answers 404 for another path and 405 for another method.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for _, s := range served {
		body, err := files.ReadFile(s.file)
		if err != nil {
			panic("apidocs: " + err.Error()) // served names a file that isn't embedded; every test fails
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
