package console

import (
	"bytes"
	"html/template"
	"log/slog"
	"net/http"
)

// policy is the Content-Security-Policy of every page: our own style sheet and
// pictures, forms to ourselves, no script, no frame.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// withHeaders adds the headers that every answer of the console carries.
//
// The referrer policy is same-origin, not no-referrer: under no-referrer
// browsers send "Origin: null" with a form, and the Origin is all that the
// cross-site check has where a browser sends no Sec-Fetch-Site. An address that
// holds a token is never that of a page; see [resetPage.takeToken].
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// The templates, each within the layout.
var (
	resetTemplate  = parse("reset.html")
	noticeTemplate = parse("notice.html")
)

func parse(name string) *template.Template {
	return template.Must(template.ParseFS(files, "templates/layout.html", "templates/"+name))
}

// view is what the layout shows: a title, and the content that the template of
// the page lays out.
type view struct {
	Title   string
	Content any
}

// notice is a page that only says something. Its title is the heading.
type notice struct {
	Kind      kind
	Text      []string // paragraphs
	RequestID string   // to quote when asking for help; "" where there is none
}

// kind gives a notice its colour and its role.
type kind string

const (
	done    kind = "done"
	advice  kind = "advice"
	failure kind = "failure"
)

// pages renders every page.
type pages struct{ logger *slog.Logger }

// render answers with a page. It renders before it writes, so that a fault in a
// template does not leave half a page with the wrong status.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, t *template.Template, v view) {
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout.html", v); err != nil {
		p.logger.ErrorContext(r.Context(), "console page not rendered", "template", t.Name(), "error", err)
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // fails only when the reader has gone
}

// notify answers with a notice.
func (p *pages) notify(w http.ResponseWriter, r *http.Request, status int, kind kind, title string, text ...string) {
	p.render(w, r, status, noticeTemplate, view{title, notice{Kind: kind, Text: text}})
}

// fault answers 500 for a failure of the server and logs it. The page says
// nothing of the cause but quotes the request id that the middleware gave.
func (p *pages) fault(w http.ResponseWriter, r *http.Request, err error) {
	p.logger.ErrorContext(r.Context(), "console request failed", "path", r.URL.Path, "error", err)
	p.render(w, r, http.StatusInternalServerError, noticeTemplate, view{"Something went wrong", notice{
		Kind:      failure,
		Text:      []string{"The server could not do this. Try again in a while, and tell your administrator if it stays so."},
		RequestID: w.Header().Get("X-Request-Id"),
	}})
}

// crossSite answers a request that another site made the browser send.
func (p *pages) crossSite(w http.ResponseWriter, r *http.Request) {
	p.notify(w, r, http.StatusForbidden, failure, "This request was refused",
		"It came from another site. Nothing was changed.",
		"If you sent the form yourself, open the link of your message again and fill it in there.")
}
