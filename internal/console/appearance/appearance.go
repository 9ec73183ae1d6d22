// Package appearance holds how pages appear to a user: the language, the theme and the time zone.
// It translates phrases, error messages of package service, actions of the activity log and the
// names of clients.
package appearance

import (
	"net/url"
	"regexp"
	"slices"
	"time"
	_ "time/tzdata" // embeds the time zone database, for machines that have none
	"unicode"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Appearance is the language, the colour theme and the time zone of pages. A cookie stores it per
// browser, not per user, because a user may prefer dark colours on one machine only.
type Appearance struct {
	Language       *locale.Language
	LanguageChosen bool   // the user chose Language; otherwise it comes from Accept-Language
	Theme          string // one of Themes
	Zone           *time.Location
}

// Themes returns the names of the colour themes. The first one, "system", follows the setting of
// the operating system.
func Themes() []string { return []string{"system", "light", "dark"} }

// Parse decodes the text of a cookie that [Appearance.Encode] has written. It ignores unknown and
// invalid values, because browsers can send anything. Without a language in the cookie, it uses the
// header Accept-Language.
func Parse(text, acceptLanguage string) Appearance {
	chosen, _ := url.ParseQuery(text)
	a := Appearance{Theme: Themes()[0], Zone: time.UTC}
	a.LanguageChosen = chosen.Get("language") != ""
	a.Language = locale.Match(chosen.Get("language"), acceptLanguage)
	a.SetTheme(chosen.Get("theme"))
	a.SetZone(chosen.Get("zone"))
	return a
}

// Encode returns the appearance as text for a cookie. [Parse] decodes it.
func (a *Appearance) Encode() string {
	v := url.Values{"theme": {a.Theme}, "zone": {a.Zone.String()}}
	if a.LanguageChosen {
		v.Set("language", a.Language.Tag)
	}
	return v.Encode()
}

// SetTheme sets the theme. It ignores a name that is not one of [Themes].
func (a *Appearance) SetTheme(name string) {
	if slices.Contains(Themes(), name) {
		a.Theme = name
	}
}

// zoneName matches UTC and place names such as Europe/Paris of the IANA time zone database. It
// excludes other names that [time.LoadLocation] accepts, such as Local, and the "right/" zones,
// which count leap seconds.
var zoneName = regexp.MustCompile(`^(UTC|[A-Z][A-Za-z_]{0,20}(/[A-Za-z0-9_+-]{1,24}){1,2})$`)

// SetZone sets the time zone and reports whether name is a known zone.
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

// SetLanguage sets the language and records that the user has chosen it.
func (a *Appearance) SetLanguage(language *locale.Language) {
	a.Language, a.LanguageChosen = language, true
}

// Tr translates a phrase into the language of the page.
func (a *Appearance) Tr(p locale.Phrase, args ...any) string { return a.Language.Translate(p, args...) }

// TrRule translates the message of an [account.Error].
func (a *Appearance) TrRule(message string) string { return a.Language.TranslateMessage(message) }

// TrDetail translates the message of an [account.Detail], such as "must not be empty", and writes
// it as a sentence.
func (a *Appearance) TrDetail(message string) string {
	text := a.TrRule(message)
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// Local converts a time to the time zone of the page. The zero time stays zero.
func (a *Appearance) Local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(a.Zone)
}

// TrAction returns the translated phrase for an action of the activity log. An action without a
// phrase is shown by its name in the log.
func (a *Appearance) TrAction(action account.Action) string {
	if phrase, ok := activityPhrases[action]; ok {
		return a.Tr(phrase)
	}
	return string(action)
}
