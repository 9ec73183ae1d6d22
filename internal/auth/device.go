package auth

import (
	"strings"
)

// truncate cuts text to at most so many bytes, between characters.
func truncate(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xC0 == 0x80 {
		most--
	}
	return text[:most]
}

// deviceName is what a client calls itself, in text that every database takes: a
// header may have any bytes, and a sign-in that fails for them would tell that the
// password was right.
func deviceName(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	return truncate(text, 256)
}
