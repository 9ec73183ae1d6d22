package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// EmailKey is the canonical form of an e-mail address, which is compared and unique: NFC, case
// folded, with the domain in the ASCII form of IDNA.
type EmailKey string

// Limits of an address, in bytes (RFC 5321, 4.5.3.1).
const (
	maxEmailLength = 254
	maxLocalLength = 64
)

// domains is idna.Lookup with the limits of DNS (RFC 1035, 2.3.4): no label is empty or too long.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseEmail returns the key of an address. ok is false unless the text is a local part, "@" and a
// domain. The domain needs no dot, because an appliance may deliver to "localhost".
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

// parseDomain returns the ASCII form of a domain. It rejects a trailing dot, which would be a second
// form of the same domain.
func parseDomain(domain string) (ascii string, ok bool) {
	ascii, err := domains.ToASCII(domain)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", false
	}
	// ToASCII applies the Bidi rule before it maps letters, so the result may violate the rule.
	// A second pass checks it.
	again, err := domains.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// CaseFold returns the form of a text in which texts that differ in case only are equal.
func CaseFold(text string) string {
	// cases.Fold maps lower-case Cherokee letters to upper case, so ToLower comes after it.
	// Folding may undo the composition of NFC, so NFC comes last.
	return norm.NFC.String(strings.ToLower(cases.Fold().String(text)))
}

// isUnsafeInEmail reports whether a character is special in a mail header or invisible on a screen.
// Such characters make one address pass for another.
func isUnsafeInEmail(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
		strings.ContainsRune(`()<>[]:;,\"`, r)
}
