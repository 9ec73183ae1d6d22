// Package locale says the phrases of the pages in the languages that people read.
//
// A phrase is its English text, so code and templates stay readable. The other
// languages are in one folder each, fr/ say, with a file for each part of the
// pages; en/ holds nothing but the phrases whose form depends on a number. Tests
// find every phrase of the program and demand its translation.
//
// The package imports the standard library and golang.org/x/text alone.
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

// Phrase is a text in English, with the verbs of package fmt where something is
// filled in. %d writes a number as the language does.
type Phrase string

// Language says phrases. It may be used by many goroutines at once.
type Language struct {
	Tag  string // BCP 47: "en"
	Name string // in itself: "English"

	tag     language.Tag
	printer *message.Printer
	phrases map[Phrase]bool // that it has a translation of
	open    []openPhrase    // of these
}

// Languages are all that there are. The first is the one that phrases are written in.
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

// Match returns the language that suits best what a reader prefers: each text is a
// language tag, or the value of Accept-Language (RFC 9110, section 12.5.4), the most
// preferred first. What is not understood is passed over.
func Match(preferred ...string) *Language {
	_, i := language.MatchStrings(matcher, preferred...)
	return Languages[i]
}

// Say writes a phrase, with the arguments in the places of its verbs. A phrase
// without a translation stays English.
func (l *Language) Say(p Phrase, args ...any) string {
	if len(args) == 0 && !l.phrases[p] {
		return string(p) // nothing to fill in: a percent sign in it is one
	}
	return l.printer.Sprintf(string(p), args...)
}

// Has reports whether the language has a translation of its own.
func (l *Language) Has(p Phrase) bool { return l.phrases[p] }

// SayRule says a message that the rules have written in English. What they filled in
// is found by the phrase: "must be at most 256 characters long" is one of "must be at
// most %s characters long". A list, "must have a digit, and a letter", is said by its
// parts where each of them is a phrase.
func (l *Language) SayRule(text string) string {
	if said, ok := l.sayRule(text); ok {
		return said
	}
	parts := strings.Split(text, ", ")
	for i, part := range parts {
		said, ok := l.sayRule(part)
		if !ok {
			return text
		}
		parts[i] = said
	}
	return strings.Join(parts, ", ")
}

func (l *Language) sayRule(text string) (said string, ok bool) {
	if l.phrases[Phrase(text)] {
		return l.Say(Phrase(text)), true
	}
	for _, open := range l.open {
		if found := open.form.FindStringSubmatch(text); found != nil {
			var args []any
			for _, filled := range found[1:] {
				args = append(args, filled)
			}
			return l.Say(open.phrase, args...), true
		}
	}
	return "", false
}

// openPhrase is a phrase in which texts are filled in.
type openPhrase struct {
	phrase Phrase
	form   *regexp.Regexp
}

// findOpen finds the open phrases, those first that say more.
func (l *Language) findOpen() {
	for p := range l.phrases {
		if strings.Contains(string(p), "%s") {
			form := strings.ReplaceAll(regexp.QuoteMeta(string(p)), "%s", "(.+)")
			l.open = append(l.open, openPhrase{p, regexp.MustCompile("^" + form + "$")})
		}
	}
	slices.SortFunc(l.open, func(a, b openPhrase) int {
		return cmp.Or(cmp.Compare(len(b.phrase), len(a.phrase)), cmp.Compare(a.phrase, b.phrase))
	})
}

// load reads the translations. What is embedded is tested, so a fault is one of the
// build.
func load(languages ...*Language) []*Language {
	all := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, l := range languages {
		l.tag, l.phrases = language.MustParse(l.Tag), map[Phrase]bool{}
		if err := l.read(all); err != nil {
			panic(fmt.Sprintf("locale: %v", err))
		}
		l.findOpen()
		l.printer = message.NewPrinter(l.tag, message.Catalog(all))
	}
	return languages
}

// read adds the files of a language to the catalogue.
func (l *Language) read(all *catalog.Builder) error {
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
			if err := all.Set(l.tag, string(p), t.message()); err != nil {
				return fmt.Errorf("%s: %q: %w", name, p, err)
			}
		}
	}
	return nil
}

// translation is what a file has for a phrase: a text, or one text for each form that
// the first number in it may ask for, by the names of Unicode CLDR: "one", "other".
type translation struct {
	Text  string
	Forms map[string]string
}

// UnmarshalJSON reads either.
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
