package command

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// isControl reports whether a terminal would interpret r instead of showing it. These are control characters
// and characters that change the direction of writing.
func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// Printable returns text as one line that contains no control characters. Line breaks and tabs become spaces;
// other control characters become U+FFFD.
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

// EscapeJSON writes the control characters of a JSON text as \uXXXX. encoding/json has already escaped those
// below U+0020. A character above U+007E occurs only in a JSON string, so an escape is allowed there.
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

// OrDash returns a table cell with the optional text, or "-" without text.
func OrDash(text *string) string {
	if text == nil || *text == "" {
		return "-"
	}
	return *text
}

// IDList returns a table cell with a list of ids, such as "2,5".
func IDList(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}

// YesNo returns a table cell with "yes" or "no".
func YesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// TimeText returns a table cell with an optional time, or "-" without a time. The time is in UTC, to the
// second, as in the API contract.
func TimeText(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// Count returns a number with its noun: "1 row" or "7 rows" for the noun "row".
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
