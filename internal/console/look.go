package console

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"
	_ "time/tzdata" // machines without a database of time zones serve people in all of them

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// look is how pages look to a reader. It belongs to the browser: the same person may
// want it dark on one machine and light on another.
type look struct {
	language *locale.Language
	chosen   bool   // the language was, by the reader; else it is what his browser asks for
	theme    string // one of themes
	zone     *time.Location
}

// themes are the names of the colours. The first follows the system.
var themes = []string{"system", "light", "dark"}

const lookAge = 365 * 24 * 60 * 60 // seconds that the browser keeps it

// readLook finds how the reader wants his pages: as he chose, else in the language that
// his browser asks for. Nothing in it is trusted.
func readLook(r *http.Request) look {
	chosen := url.Values{}
	for _, name := range []string{"__Host-usher" + string(lookCookie), "usher-dev" + string(lookCookie)} {
		if found, err := r.Cookie(name); err == nil {
			chosen, _ = url.ParseQuery(found.Value)
			break // the one of HTTPS, where there is one
		}
	}
	l := look{theme: themes[0], zone: time.UTC}
	l.chosen = chosen.Get("language") != ""
	l.language = locale.Match(chosen.Get("language"), r.Header.Get("Accept-Language"))
	l.setTheme(chosen.Get("theme"))
	l.setZone(chosen.Get("zone"))
	return l
}

// setTheme takes the name of a theme, if it is one.
func (l *look) setTheme(name string) {
	if slices.Contains(themes, name) {
		l.theme = name
	}
}

// zoneName is UTC, or a place as the IANA database names it. It keeps out what is beside
// the places there: the machine's own zone, and times that count leap seconds.
var zoneName = regexp.MustCompile(`^(UTC|[A-Z][A-Za-z_]{0,20}(/[A-Za-z0-9_+-]{1,24}){1,2})$`)

// setZone takes the name of a time zone, and reports whether it is one.
func (l *look) setZone(name string) bool {
	if !zoneName.MatchString(name) {
		return false
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		l.zone = zone
	}
	return err == nil
}

// setLanguage has the reader choose a language.
func (l *look) setLanguage(language *locale.Language) { l.language, l.chosen = language, true }

// keepLook has the browser remember it.
func (q *request) keepLook() {
	kept := url.Values{"theme": {q.look.theme}, "zone": {q.look.zone.String()}}
	if q.look.chosen {
		kept.Set("language", q.look.language.Tag)
	}
	q.setCookie(lookCookie, kept.Encode(), lookAge)
}
