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
	MaxPasswordBytes  = 1024 // so that nobody makes the server hash megabytes
)

// PasswordRule is the policy in words.
const PasswordRule = "at least 12 characters with a digit, a lower-case letter, an upper-case letter and a special character (not a letter of a to z, a digit or an underscore), without line breaks, at most 1024 bytes"

// PasswordHashRule says in words which hashes an import takes.
const PasswordHashRule = "must be an argon2id hash (PHC string, at most 64 MiB, 192 MiB over all passes, and 4 threads), a bcrypt hash ($2a$, $2b$ or $2y$, cost 4 to 12) or a pbkdf2_sha256 hash (as Django writes it, at most 1000000 iterations)"

// normalPassword returns the form that is hashed: NFC, so that a password typed
// on another keyboard is the same password (RFC 8265; NIST SP 800-63B, 3.1.1.2).
func NormalizePassword(password secret.Text) secret.Text {
	return secret.New(norm.NFC.String(password.Reveal()))
}

// CheckNewPassword is the one policy for every password that is set. It returns
// what is missing, or "" for a password that may be used. The rule is that of
// the contract: its special characters are those that a regular expression
// calls \W.
func CheckNewPassword(password secret.Text) string {
	text := password.Reveal()
	if len(text) > MaxPasswordBytes {
		return "must be at most 1024 bytes long"
	}
	var missing []string
	has := func(what string, f func(rune) bool) {
		if !strings.ContainsFunc(text, f) {
			missing = append(missing, what)
		}
	}
	if utf8.RuneCountInString(text) < MinPasswordLength {
		missing = append(missing, "at least 12 characters")
	}
	has("a digit", isDigit)
	has("a lower-case letter", isLower)
	has("an upper-case letter", isUpper)
	has("a special character", func(r rune) bool { return !isDigit(r) && !isLower(r) && !isUpper(r) && r != '_' })
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

// checkNewPassword returns the policy's verdict as a failure at path.
func ValidateNewPassword(password secret.Text, path string) error {
	if fault := CheckNewPassword(password); fault != "" {
		return Invalid(Detail{path, fault})
	}
	return nil
}

// checkTypedPassword refuses a password to be verified that no account can have.
// It is not checked against the policy, which may be younger than the password.
func ValidateTypedPassword(password secret.Text, path string) error {
	if len(password.Reveal()) > MaxPasswordBytes {
		return Invalid(Detail{path, "must be at most 1024 bytes long"})
	}
	return nil
}
