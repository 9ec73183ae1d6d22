// Package appearance is how pages appear to a user: their language, theme and time zone. It
// translates phrases, messages of the rules, actions of the activity log and the names of
// clients.
//
// The package imports [account], [locale] and the standard library.
package appearance

import (
	"net/url"
	"regexp"
	"slices"
	"time"
	_ "time/tzdata" // time zones for machines that have no database of them
	"unicode"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Appearance is the language, the colours and the time zone of pages. A cookie keeps it
// for each browser, not for each user: the same user may prefer dark colours on one
// machine only.
type Appearance struct {
	Language       *locale.Language
	LanguageChosen bool   // by the user; else the language comes from Accept-Language
	Theme          string // one of Themes
	Zone           *time.Location
}

// Themes returns the names of the colour themes. The first follows the system.
func Themes() []string { return []string{"system", "light", "dark"} }

// Parse decodes the cookie that holds an output of [Appearance.Encode]. Browsers can send
// anything, so it ignores what it does not know. Without a language in the cookie, that of
// the header Accept-Language applies.
func Parse(text, acceptLanguage string) Appearance {
	chosen, _ := url.ParseQuery(text)
	a := Appearance{Theme: Themes()[0], Zone: time.UTC}
	a.LanguageChosen = chosen.Get("language") != ""
	a.Language = locale.Match(chosen.Get("language"), acceptLanguage)
	a.SetTheme(chosen.Get("theme"))
	a.SetZone(chosen.Get("zone"))
	return a
}

// Encode returns the appearance as text for a cookie.
func (a *Appearance) Encode() string {
	v := url.Values{"theme": {a.Theme}, "zone": {a.Zone.String()}}
	if a.LanguageChosen {
		v.Set("language", a.Language.Tag)
	}
	return v.Encode()
}

// SetTheme sets the theme, if there is one of that name.
func (a *Appearance) SetTheme(name string) {
	if slices.Contains(Themes(), name) {
		a.Theme = name
	}
}

// zoneName matches UTC and the places of the IANA time zone database. It excludes the
// database's other names, such as Local and the zones that count leap seconds.
var zoneName = regexp.MustCompile(`^(UTC|[A-Z][A-Za-z_]{0,20}(/[A-Za-z0-9_+-]{1,24}){1,2})$`)

// SetZone sets the time zone, and reports whether there is one of that name.
func (a *Appearance) SetZone(name string) bool {
	if !zoneName.MatchString(name) {
		return false
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		a.Zone = zone
	}
	return err == nil
}

// SetLanguage sets the language as the choice of the user.
func (a *Appearance) SetLanguage(language *locale.Language) {
	a.Language, a.LanguageChosen = language, true
}

// Tr translates a phrase into the language of the page.
func (a *Appearance) Tr(p locale.Phrase, args ...any) string { return a.Language.Translate(p, args...) }

// TrRule translates the message of an error of the rules.
func (a *Appearance) TrRule(message string) string { return a.Language.TranslateMessage(message) }

// TrDetail translates the message of a detail of an error, which says what a field must
// be, as a sentence.
func (a *Appearance) TrDetail(message string) string {
	text := a.TrRule(message)
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// Local returns a time in the zone of the page. The zero time stays zero.
func (a *Appearance) Local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(a.Zone)
}

// TrAction describes the action of an entry of the activity log. An action without a phrase is
// called by its name in the log.
func (a *Appearance) TrAction(action account.Action) string {
	if phrase, ok := activityPhrases[action]; ok {
		return a.Tr(phrase)
	}
	return string(action)
}
