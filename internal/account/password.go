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
	MaxPasswordBytes  = 1024 // limits the work of hashing
)

// PasswordRule describes the policy for new passwords, in words.
const PasswordRule = "at least 12 characters with a digit, a lower-case letter, an upper-case letter " +
	"and a special character (not a letter of a to z, a digit or an underscore), " +
	"without line breaks, at most 1024 bytes"

// PasswordHashRule describes the formats of password hashes that an import accepts, in words.
const PasswordHashRule = "must be an argon2id hash " +
	"(PHC string, at most 64 MiB, 192 MiB over all passes, and 4 threads), " +
	"a bcrypt hash ($2a$, $2b$ or $2y$, cost 4 to 12) " +
	"or a pbkdf2_sha256 hash (as Django writes it, at most 1000000 iterations)"

// NormalizePassword returns the NFC form of a password, which is the form that is hashed. The same
// password then has the same hash whatever keyboard it was typed on (RFC 8265; NIST SP 800-63B,
// 3.1.1.2).
func NormalizePassword(password secret.Text) secret.Text {
	return secret.New(norm.NFC.String(password.Reveal()))
}

// CheckNewPassword checks a new password against the policy, which has no exceptions. It returns
// what is wrong with the password, or "".
//
// The contract defines the policy. Special characters are those that the class \W of its regular
// expression matches.
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

// ValidateNewPassword fails with CodeInvalid when [CheckNewPassword] rejects the password. path is
// the JSON pointer of the password in the input.
func ValidateNewPassword(password secret.Text, path string) error {
	if problem := CheckNewPassword(password); problem != "" {
		return Invalid(Detail{Path: path, Message: problem})
	}
	return nil
}

// ValidateTypedPassword checks a password that is to be verified. It fails with CodeInvalid when
// the password is too long for any account. It doesn't check the policy, because the account's
// password may be older than the policy. path is the JSON pointer of the password in the input.
func ValidateTypedPassword(password secret.Text, path string) error {
	if len(password.Reveal()) > MaxPasswordBytes {
		return Invalid(Detail{Path: path, Message: "must be at most 1024 bytes long"})
	}
	return nil
}
