package console

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// policy is the Content-Security-Policy of every page: our own style sheet, script and
// pictures, forms to ourselves, nothing within the page itself, no frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// withHeaders adds the headers that every answer of the console carries.
//
// The referrer policy is same-origin, not no-referrer: under no-referrer
// browsers send "Origin: null" with a form, and the Origin is all that the
// cross-site check has where a browser sends no Sec-Fetch-Site. An address that
// holds a token is never that of a page; see reset.go.
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

// templates are the parsed templates, by language and name: what a page says depends
// on the language, so each has its own. They are parsed when they are first shown.
var templates sync.Map

// templateOf returns the template of a page, within the layout.
func templateOf(l *locale.Language, name string) (*template.Template, error) {
	key := l.Tag + "/" + name
	if t, ok := templates.Load(key); ok {
		return t.(*template.Template), nil
	}
	t, err := template.New(name).Funcs(template.FuncMap{
		"t":      l.Say,
		"rule":   l.SayRule,
		"stamp":  stamp,
		"number": func(n any) string { return l.Say("%d", n) },
	}).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name)
	if err != nil {
		return nil, err
	}
	templates.Store(key, t)
	return t, nil
}

// stamp writes a time that [request.local] has moved into the reader's zone: the same
// in every language, and in a column that can be read down.
func stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	// Digits, signs and the name of a zone: nothing that HTML would read.
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, //nolint:gosec // as said
		t.UTC().Format(time.RFC3339), template.HTMLEscapeString(t.Format("2006-01-02 15:04:05 MST")), t.Format("2006-01-02 15:04")))
}

// view is what layout.html shows: what is around every page, and the content that the
// template of the page lays out.
type view struct {
	Title     string
	Language  string
	Languages []*locale.Language
	Theme     string
	Path      string
	User      *account.User // nil: nobody is signed in
	Avatar    avatar        // of the user
	Groups    []navGroup    // that the user sees
	FormToken string
	Flash     string
	Plain     bool   // the connection can be read by others
	Setup     *setup // how far the first run has come; nil: none goes on
	Content   any
}

// show answers with a page.
func (q *request) show(name string, title locale.Phrase, content any) error {
	return q.showStatus(http.StatusOK, name, q.say(title), content)
}

// showStatus is show with a status, for a page that says what is wrong, and with a
// title that is no phrase. It renders before it writes, so that a fault in a template
// does not leave half a page with the wrong status.
func (q *request) showStatus(status int, name, title string, content any) error {
	t, err := templateOf(q.look.language, name)
	if err != nil {
		return err
	}
	v := view{
		Title: title, Language: q.look.language.Tag, Languages: locale.Languages, Theme: q.look.theme, Path: q.URL.Path,
		Flash: q.takeFlash(), Content: content,
		Plain: !q.secure && !sentToLoopback(q.Request),
	}
	if status != http.StatusForbidden || q.caller != nil { // what another site made up must not renew a visitor's cookie
		v.FormToken = q.FormToken()
	}
	if q.caller != nil {
		v.User, v.Avatar, v.Groups, v.Setup = &q.caller.User, q.ownAvatar(), q.groups(), q.settingUp()
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout.html", v); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(status)
	_, _ = body.WriteTo(q.w) // fails only when the reader has gone
	return nil
}

// notify answers with a notice.
func (q *request) notify(status int, title locale.Phrase, n notice) {
	if err := q.showStatus(status, "notice.html", q.say(title), n); err != nil {
		q.Logger.ErrorContext(q.Context(), "console page not rendered", "error", err)
		http.Error(q.w, "The page could not be shown.", http.StatusInternalServerError)
	}
}

// navGroup is a part of the menu.
type navGroup struct {
	name    locale.Phrase
	entries []navEntry

	Name  string // in the reader's language
	Links []navLink
}

// navEntry is a page in the menu.
type navEntry struct {
	path  string
	label locale.Phrase
	may   permission // that one needs to see it
	all   bool       // for all things of the kind, and not just for some
}

// navLink is an entry as it is shown.
type navLink struct {
	Path, Label string
	Current     bool
}

// sees reports whether the caller sees an entry of the menu: what he has a permission
// for that is not for himself alone.
func (q *request) sees(e navEntry) bool {
	if (e.may == permission{}) {
		return true
	}
	all, ids := q.caller.Access.VisibleIDs(e.may.action, e.may.entity, q.caller.User.ID)
	return all || !e.all && slices.ContainsFunc(ids, func(id int64) bool { return id != q.caller.User.ID })
}

// groups returns the menu as the caller sees it.
func (q *request) groups() (shown []navGroup) {
	if q.caller.User.NeedPasswordReset {
		return nil
	}
	current := q.entry()
	for _, group := range navigation {
		g := navGroup{Name: q.say(group.name)}
		for _, e := range group.entries {
			if q.sees(e) {
				g.Links = append(g.Links, navLink{e.path, q.say(e.label), e.path == current})
			}
		}
		if g.Links != nil {
			shown = append(shown, g)
		}
	}
	return shown
}

// entry is the path of the entry of the menu that the page belongs to: /users has
// /users/7, and /profile has not /profile/keys, which is an entry itself.
func (q *request) entry() (path string) {
	for _, group := range navigation {
		for _, e := range group.entries {
			if within := q.URL.Path == e.path || strings.HasPrefix(q.URL.Path, e.path+"/"); within && len(e.path) > len(path) {
				path = e.path
			}
		}
	}
	return path
}

// navigation is the menu. The first page that somebody sees is his home.
var navigation = []navGroup{
	{name: "Administration", entries: []navEntry{
		{path: "/overview", label: "Overview", may: permission{access.ActionRead, access.EntityUser}, all: true},
		{path: "/users", label: "Users", may: permission{access.ActionRead, access.EntityUser}},
		{path: "/roles", label: "Roles", may: permission{access.ActionRead, access.EntityRole}},
		{path: "/activity", label: "Activity", may: permission{access.ActionRead, access.EntityActivityLog}},
		{path: "/mail", label: "Mail", may: permission{access.ActionRead, access.EntityMail}},
		{path: "/settings", label: "Settings", may: permission{access.ActionRead, access.EntityApplicationSettings}},
	}},
	{name: "Your account", entries: []navEntry{
		{path: "/profile", label: "Profile"},
		{path: "/profile/password", label: "Password"},
		{path: "/profile/sessions", label: "Sessions"},
		{path: "/profile/keys", label: "API keys"},
		{path: "/profile/activity", label: "My activity"},
	}},
}
