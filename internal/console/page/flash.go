package page

import (
	"net/url"
	"strings"
)

// maxFlash is in bytes. Escaped it is three times as long, and a cookie holds 4096.
const maxFlash = 1000

// SetFlash has the next page show a text above its content, once.
func (q *Request) SetFlash(text string) {
	q.SetCookie(flashCookie, url.QueryEscape(Truncate(text, maxFlash)), 0)
}

// takeFlash returns the text for this page and removes it.
func (q *Request) takeFlash() string {
	found, err := q.Cookie(q.cookieName(flashCookie))
	if err != nil {
		return ""
	}
	q.SetCookie(flashCookie, "", -1)
	text, err := url.QueryUnescape(found.Value)
	if err != nil || len(text) > maxFlash {
		return ""
	}
	return text
}

// Truncate shortens text to at most maxBytes and drops a partial or invalid rune.
func Truncate(text string, maxBytes int) string {
	return strings.ToValidUTF8(text[:min(len(text), maxBytes)], "")
}

// LocalPath returns path if it is the path of a page on this site, with its query, and
// "/" otherwise. It keeps a crafted link from redirecting to another site.
func LocalPath(path string) string {
	u, err := url.Parse(path)
	switch {
	case err != nil || u.Scheme != "" || u.Host != "":
		return "/"
	case !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, `\`):
		return "/"
	}
	return u.RequestURI()
}
