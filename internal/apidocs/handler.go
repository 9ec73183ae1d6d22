package apidocs

import (
	"embed"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/asset"
)

//go:embed assets page
var files embed.FS

// served maps each path to its file. The licence stands beside the script
// because the first line of the script refers to it by that name.
var served = []struct{ path, file, contentType string }{
	{"/docs", "page/docs.html", "text/html; charset=utf-8"},
	{"/docs/docs.css", "page/docs.css", "text/css; charset=utf-8"},
	{"/docs/docs.js", "page/docs.js", "text/javascript; charset=utf-8"},
	{"/docs/icon.svg", "page/icon.svg", "image/svg+xml"},
	{"/docs/rapidoc-min.js", "assets/rapidoc-min.js", "text/javascript; charset=utf-8"},
	{"/docs/rapidoc-min.js.LICENSE.txt", "assets/rapidoc-min.js.LICENSE.txt", "text/plain; charset=utf-8"},
}

// policy is the Content-Security-Policy of the page. RapiDoc writes its theme
// as a <style> element and sets style attributes, so inline styles have to be
// allowed; inline scripts and everything from elsewhere are not.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Handler serves GET and HEAD of /docs and of the files below it that the page
// loads. It expects the contract at /openapi.yaml of the same origin. Any other
// path is answered 404, any other method 405.
func Handler() http.Handler {
	mux := http.NewServeMux()
	for _, s := range served {
		body, err := files.ReadFile(s.file)
		if err != nil {
			panic("apidocs: " + err.Error()) // the table and the embedded files disagree; any test finds it
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
