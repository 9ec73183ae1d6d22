package command

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// isControl reports whether a terminal would interpret r: control characters, and those that change the
// direction of writing.
func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// Printable makes text one line that a terminal shows as it is: line breaks and tabs become spaces, and other
// control characters become U+FFFD.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case isControl(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// PrintableLines applies Printable to each line of text.
func PrintableLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// EscapeJSON writes the control characters of an encoded JSON text as \uXXXX. encoding/json has escaped those
// below U+0020; a character above U+007E occurs in strings only.
func EscapeJSON(text []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(text) {
		if r > '~' && isControl(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

// OrDash returns the table cell of an optional text: "-" for none.
func OrDash(text *string) string {
	if text == nil || *text == "" {
		return "-"
	}
	return *text
}

// IDList returns the table cell of a list of ids: "2,5".
func IDList(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}

// YesNo returns the table cell of a truth value.
func YesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// TimeText returns the table cell of an optional time: in UTC to the second, as in the contract.
func TimeText(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// Count returns "1 row" or "7 rows" for the noun "row".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// CountEntries returns "1 entry" or "7 entries".
func CountEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return strconv.FormatInt(n, 10) + " entries"
}
