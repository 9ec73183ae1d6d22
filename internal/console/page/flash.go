package page

import (
	"net/url"
	"strings"
)

// maxFlash limits the text in bytes. URL-escaped, the text is up to three times as long, and a
// cookie can hold 4096 bytes.
const maxFlash = 1000

// SetFlash stores a text that the next page shows once, above its content.
func (q *Request) SetFlash(text string) {
	q.SetCookie(flashCookie, url.QueryEscape(Truncate(text, maxFlash)), 0)
}

// takeFlash returns the text that SetFlash has stored, and removes its cookie.
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

// LocalPath returns path if it is a path on this site, with or without a query, and "/" otherwise.
// A crafted link can therefore not redirect a user to another site.
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
