package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// EmailKey is an e-mail address in the one form that is compared and kept
// unique: NFC, case folded, its domain as IDNA writes it in ASCII.
type EmailKey string

// Limits of an address, in bytes (RFC 5321, 4.5.3.1).
const (
	maxEmailLength = 254
	maxLocalLength = 64
)

// domains is idna.Lookup with the limits of DNS (RFC 1035, 2.3.4): no label is
// empty or too long.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseEmail returns the key of an address, and false when the text has not the
// form of one: a local part, "@" and a domain. A domain without a dot is fine,
// since an appliance may deliver to "localhost".
func ParseEmail(address string) (EmailKey, bool) {
	address = norm.NFC.String(address)
	if !utf8.ValidString(address) || len(address) > maxEmailLength || strings.ContainsFunc(address, unsafeInEmail) {
		return "", false
	}
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at > maxLocalLength {
		return "", false
	}
	local, domain := address[:at], address[at+1:]
	if strings.ContainsAny(local, "@") || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", false
	}
	domain, ok := parseDomain(domain)
	if !ok {
		return "", false
	}
	return EmailKey(CaseFold(local) + "@" + domain), true
}

// parseDomain returns the ASCII form of a domain. A dot at the end is refused:
// it would make a second form of the same domain.
func parseDomain(domain string) (string, bool) {
	ascii, err := domains.ToASCII(domain)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return "", false
	}
	// The rule for right-to-left letters is applied before letters are mapped,
	// so what came out may break it.
	again, err := domains.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// foldText returns a text as it is compared, without regard to case.
func CaseFold(text string) string {
	// cases.Fold exchanges the cases of Cherokee letters, so they are made lower
	// case after it. Folding may undo the composition that NFC made, so that
	// comes last.
	return norm.NFC.String(strings.ToLower(cases.Fold().String(text)))
}

// unsafeInEmail tells the characters that have a meaning in a mail header or no
// shape on a screen: they let one address pass for another.
func unsafeInEmail(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`()<>[]:;,\"`, r)
}
