package page

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// contentSecurityPolicy is the same for every page. It allows style sheets, scripts, pictures and
// form targets of this site alone, and forbids inline code and frames.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// withHeaders adds the security headers to every response.
//
// The referrer policy is same-origin, not no-referrer. With no-referrer, browsers send "Origin:
// null" with a form. checkSameOrigin needs the real Origin if a browser doesn't send
// Sec-Fetch-Site. The Referer header can't reveal a token, because no page is shown at a URL with a
// token.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// template returns the template of a page within the layout. Each language has its own copy, which
// is parsed when it is first used.
func (s *Site) template(l *locale.Language, name string) (*template.Template, error) {
	key := l.Tag + "/" + name
	if t, ok := s.templates.Load(key); ok {
		return t.(*template.Template), nil
	}
	t, err := template.New(name).Funcs(template.FuncMap{
		"t":      l.Translate,
		"rule":   l.TranslateMessage,
		"stamp":  timestamp,
		"number": func(n any) string { return l.Translate("%d", n) },
	}).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name)
	if err != nil {
		return nil, err
	}
	s.templates.Store(key, t)
	return t, nil
}

// timestamp formats a time in the time zone that it carries; see [Appearance.Local]. The format is
// the same in every language, so that columns of times align.
func timestamp(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	title := template.HTMLEscapeString(t.Format("2006-01-02 15:04:05 MST"))
	//nolint:gosec // digits, signs and an escaped zone
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.UTC().Format(time.RFC3339), title, t.Format("2006-01-02 15:04")))
}

// layoutData is the data of templates/layout.html. Its Content is the data of the page's own
// template.
type layoutData struct {
	Title     string
	Language  string
	Languages []*locale.Language
	Theme     string
	Path      string
	User      *account.User // the caller; nil for a visitor
	Avatar    Avatar        // of the caller
	Groups    []MenuLinks   // the menu as the caller sees it
	FormToken string
	Flash     string
	Plain     bool   // the connection is not encrypted
	Setup     *Setup // progress of the first run; nil: not shown
	Content   any
}

// Show answers 200 with a page. name is a file in templates/, and content its data.
func (q *Request) Show(name string, title locale.Phrase, content any) error {
	return q.ShowStatus(http.StatusOK, name, q.Tr(title), content)
}

// ShowStatus is [Request.Show] with a status, and with a title that is already translated. It
// renders the whole page before it writes anything. If the template fails, the browser therefore
// gets an error page and not half a page.
func (q *Request) ShowStatus(status int, name, title string, content any) error {
	t, err := q.site.template(q.Language, name)
	if err != nil {
		return err
	}
	v := layoutData{
		Title: title, Language: q.Language.Tag, Languages: locale.Languages, Theme: q.Theme, Path: q.URL.Path,
		Flash: q.takeFlash(), Content: content, Plain: !q.secure && !sentToLoopback(q.Request),
	}
	// A cross-site request, or one for an unknown host, must not set a cookie.
	if status != http.StatusForbidden && status != http.StatusMisdirectedRequest || q.Caller != nil {
		v.FormToken = q.FormToken()
	}
	if q.Caller != nil {
		v.User, v.Avatar = &q.Caller.User, q.OwnAvatar()
		v.Groups, v.Setup = q.site.options.Menu.visible(q), q.currentSetup()
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout.html", v); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	q.Writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.Writer.WriteHeader(status)
	_, _ = body.WriteTo(q.Writer) // fails only if the client has disconnected
	return nil
}
