// Package locale translates the phrases of the console's pages.
//
// A phrase is identified by its English text, so code and templates stay readable. Each other
// language has a directory, such as fr/, with a file for each part of the pages. The directory en/
// has only the phrases with plural forms. Tests of the console find every phrase and require a
// translation of it.
package locale

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed en fr
var files embed.FS

// Phrase is an English text. It may contain the verbs of package fmt for its arguments. %d formats
// a number by the conventions of the language: 12,345 in English.
type Phrase string

// Language translates phrases. It is safe for concurrent use.
type Language struct {
	Tag  string // BCP 47 tag, such as "en"
	Name string // name of the language in itself, such as "Français"

	tag      language.Tag
	printer  *message.Printer
	phrases  map[Phrase]bool // phrases that have a translation
	patterns []pattern       // one for each of the phrases with %s
}

// Languages lists all languages. The first one is English, in which phrases are written.
var Languages = load(
	&Language{Tag: "en", Name: "English"},
	&Language{Tag: "fr", Name: "Français"},
)

var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, l := range Languages {
		tags = append(tags, l.tag)
	}
	return language.NewMatcher(tags)
}()

// Match returns the language that fits a user's preferences best; the first preference counts most.
// A preference is a language tag or the value of an Accept-Language header (RFC 9110, section
// 12.5.4). Match skips a preference that is invalid or longer than 256 bytes.
func Match(preferred ...string) *Language {
	preferred = slices.DeleteFunc(slices.Clone(preferred), func(text string) bool { return len(text) > 256 })
	_, i := language.MatchStrings(matcher, preferred...)
	return Languages[i]
}

// Translate translates a phrase and fills in its arguments. A phrase without a translation stays in
// English.
func (l *Language) Translate(p Phrase, args ...any) string {
	if len(args) == 0 && !l.phrases[p] {
		return string(p) // without arguments, a percent sign is not a verb
	}
	return l.printer.Sprintf(string(p), args...)
}

// Has reports whether the language has a translation of the phrase.
func (l *Language) Has(p Phrase) bool { return l.phrases[p] }

// TranslateMessage translates an English error message whose arguments are already filled in. It
// looks for a phrase that matches: "must be at most 256 characters long" matches the phrase "must
// be at most %s characters long". If the whole message matches none, TranslateMessage translates
// its parts between commas, such as "must have a digit, and a letter". If any part matches no
// phrase, the message stays in English.
func (l *Language) TranslateMessage(text string) string {
	if translated, ok := l.translateMessage(text); ok {
		return translated
	}
	parts := strings.Split(text, ", ")
	for i, part := range parts {
		translated, ok := l.translateMessage(part)
		if !ok {
			return text
		}
		parts[i] = translated
	}
	return strings.Join(parts, ", ")
}

func (l *Language) translateMessage(text string) (translated string, ok bool) {
	if l.phrases[Phrase(text)] {
		return l.Translate(Phrase(text)), true
	}
	for _, p := range l.patterns {
		if found := p.form.FindStringSubmatch(text); found != nil {
			var args []any
			for _, filled := range found[1:] {
				args = append(args, filled)
			}
			return l.Translate(p.phrase, args...), true
		}
	}
	return "", false
}

// pattern is a regular expression that matches the messages of a phrase with %s.
type pattern struct {
	phrase Phrase
	form   *regexp.Regexp
}

// findPatterns sets l.patterns. The longest phrase comes first, so the most specific phrase is
// tried first.
func (l *Language) findPatterns() {
	for p := range l.phrases {
		if strings.Contains(string(p), "%s") {
			form := strings.ReplaceAll(regexp.QuoteMeta(string(p)), "%s", "(.+)")
			l.patterns = append(l.patterns, pattern{p, regexp.MustCompile("^" + form + "$")})
		}
	}
	slices.SortFunc(l.patterns, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(len(b.phrase), len(a.phrase)), cmp.Compare(a.phrase, b.phrase))
	})
}

// load reads the translations of all languages. It panics if a file is invalid; any test would find
// that.
func load(languages ...*Language) []*Language {
	all := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, l := range languages {
		l.tag, l.phrases = language.MustParse(l.Tag), map[Phrase]bool{}
		if err := l.read(all); err != nil {
			panic(fmt.Sprintf("locale: %v", err))
		}
		l.findPatterns()
		l.printer = message.NewPrinter(l.tag, message.Catalog(all))
	}
	return languages
}

// read adds the translation files of a language to the catalog that builder builds.
func (l *Language) read(builder *catalog.Builder) error {
	names, err := fs.Glob(files, path.Join(l.Tag, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		var translations map[Phrase]translation
		if err := json.Unmarshal(text, &translations); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for p, t := range translations {
			if l.phrases[p] {
				return fmt.Errorf("%s: %q is in another file already", name, p)
			}
			l.phrases[p] = true
			if err := builder.Set(l.tag, string(p), t.message()); err != nil {
				return fmt.Errorf("%s: %q: %w", name, p, err)
			}
		}
	}
	return nil
}

// translation is the translation of one phrase. It is a single text, or one text for each plural
// form of the phrase's first number. The keys of Forms are the names of plural forms in Unicode
// CLDR, such as "one" and "other".
type translation struct {
	Text  string
	Forms map[string]string
}

// UnmarshalJSON reads a string, or an object with a text for each plural form.
func (t *translation) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		return json.Unmarshal(text, &t.Forms)
	}
	return json.Unmarshal(text, &t.Text)
}

func (t translation) message() catalog.Message {
	if t.Forms == nil {
		return catalog.String(t.Text)
	}
	var cases []any
	for _, form := range []string{"zero", "one", "two", "few", "many", "other"} {
		if text, ok := t.Forms[form]; ok {
			cases = append(cases, form, text)
		}
	}
	return plural.Selectf(1, "%d", cases...)
}
