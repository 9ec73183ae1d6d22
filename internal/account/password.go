package account

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Limits of a password.
const (
	MinPasswordLength = 12   // characters
	MaxPasswordBytes  = 1024 // bounds the work of hashing
)

// PasswordRule is the policy in words.
const PasswordRule = "at least 12 characters with a digit, a lower-case letter, an upper-case letter " +
	"and a special character (not a letter of a to z, a digit or an underscore), " +
	"without line breaks, at most 1024 bytes"

// PasswordHashRule describes the password hashes that an import accepts.
const PasswordHashRule = "must be an argon2id hash " +
	"(PHC string, at most 64 MiB, 192 MiB over all passes, and 4 threads), " +
	"a bcrypt hash ($2a$, $2b$ or $2y$, cost 4 to 12) " +
	"or a pbkdf2_sha256 hash (as Django writes it, at most 1000000 iterations)"

// NormalizePassword returns the form of a password that is hashed: NFC, so that every keyboard
// yields the same password (RFC 8265; NIST SP 800-63B, 3.1.1.2).
func NormalizePassword(password secret.Text) secret.Text {
	return secret.New(norm.NFC.String(password.Reveal()))
}

// CheckNewPassword checks a password against the policy, which is the same for every new password.
// It returns what is missing, or "" for an accepted password.
//
// The contract sets the policy. A special character is one that the class \W of a regular expression
// matches.
func CheckNewPassword(password secret.Text) string {
	text := password.Reveal()
	if len(text) > MaxPasswordBytes {
		return "must be at most 1024 bytes long"
	}
	var missing []string
	require := func(class string, isMember func(rune) bool) {
		if !strings.ContainsFunc(text, isMember) {
			missing = append(missing, class)
		}
	}
	if utf8.RuneCountInString(text) < MinPasswordLength {
		missing = append(missing, "at least 12 characters")
	}
	require("a digit", isDigit)
	require("a lower-case letter", isLower)
	require("an upper-case letter", isUpper)
	require("a special character", func(r rune) bool {
		return !isDigit(r) && !isLower(r) && !isUpper(r) && r != '_'
	})
	if len(missing) > 0 {
		last := len(missing) - 1
		if last > 0 {
			missing[last] = "and " + missing[last]
		}
		return "must have " + strings.Join(missing, ", ")
	}
	if strings.ContainsAny(text, "\n\r\u2028\u2029") {
		return "must not have line breaks"
	}
	return ""
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isLower(r rune) bool { return 'a' <= r && r <= 'z' }

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

// ValidateNewPassword fails with CodeInvalid, at path, for a password that [CheckNewPassword]
// rejects.
func ValidateNewPassword(password secret.Text, path string) error {
	if problem := CheckNewPassword(password); problem != "" {
		return Invalid(Detail{Path: path, Message: problem})
	}
	return nil
}

// ValidateTypedPassword fails with CodeInvalid, at path, for a password to be verified that is too
// long for any account. It doesn't check the policy, which may be newer than the password.
func ValidateTypedPassword(password secret.Text, path string) error {
	if len(password.Reveal()) > MaxPasswordBytes {
		return Invalid(Detail{Path: path, Message: "must be at most 1024 bytes long"})
	}
	return nil
}
