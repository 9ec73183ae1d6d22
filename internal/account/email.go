package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// EmailKey is the canonical form of an e-mail address: NFC, case-folded, with the domain in the
// ASCII form of IDNA. Usher compares addresses in this form, and no two users have the same key.
type EmailKey string

// Limits of an address, in bytes (RFC 5321, 4.5.3.1).
const (
	maxEmailLength = 254
	maxLocalLength = 64
)

// domains converts domains as idna.Lookup does, and checks the limits of DNS (RFC 1035, 2.3.4): no
// label is empty or too long.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseEmail returns the key of an address. ok is false unless the address is a local part, "@" and
// a domain. The domain needs no dot: mail to "localhost" is valid on an appliance.
func ParseEmail(address string) (key EmailKey, ok bool) {
	address = norm.NFC.String(address)
	if !utf8.ValidString(address) || len(address) > maxEmailLength || strings.ContainsFunc(address, isUnsafeInEmail) {
		return "", false
	}
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at > maxLocalLength {
		return "", false
	}
	local, domain := address[:at], address[at+1:]
	if strings.ContainsAny(local, "@") || strings.Contains(local, "..") ||
		strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") {
		return "", false
	}
	ascii, ok := parseDomain(domain)
	if !ok {
		return "", false
	}
	return EmailKey(CaseFold(local) + "@" + ascii), true
}

// ParseNewEmail is [ParseEmail] for an address that is new to the database. It also refuses
// characters for which [IsInvisible] is true, because the address could look like the address of
// another user.
func ParseNewEmail(address string) (key EmailKey, ok bool) {
	if strings.ContainsFunc(address, IsInvisible) {
		return "", false
	}
	return ParseEmail(address)
}

// IsInvisible reports whether a character usually shows nothing, or a blank. It has the property
// Default_Ignorable_Code_Point of Unicode (section 4.10 of UAX 44), or is a format character, a
// variation selector, a filler or the blank of Braille.
func IsInvisible(r rune) bool {
	const brailleBlank = '\u2800'
	return r == brailleBlank ||
		unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// parseDomain returns the ASCII form of a domain. It rejects a trailing dot, because the same
// domain would then have two forms.
func parseDomain(domain string) (ascii string, ok bool) {
	ascii, err := domains.ToASCII(domain)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", false
	}
	// ToASCII applies the Bidi rule before it maps letters, so its result may violate that rule.
	// The second call checks the rule for the result.
	again, err := domains.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// CaseFold returns a form of text that is the same for texts that differ only in case.
func CaseFold(text string) string {
	// cases.Fold maps lower-case Cherokee letters to upper case, so ToLower comes after it. Case
	// folding may also decompose characters, so NFC comes last.
	return norm.NFC.String(strings.ToLower(cases.Fold().String(text)))
}

// isUnsafeInEmail reports whether a character is special in a mail header or invisible on a screen.
// With such a character one address could look like another.
func isUnsafeInEmail(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
		strings.ContainsRune(`()<>[]:;,\"`, r)
}
