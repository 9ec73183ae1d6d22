package account_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestCheckNewPassword(t *testing.T) {
	tests := []struct {
		password string
		lacks    []string // parts of the error message; none for a valid password
	}{
		{"Correct-Horse-1", nil},
		{"Aa1!Aa1!Aa1!", nil},
		{"Aa1 Aa1 Aa1 ", nil},
		{"Aa1éAa1éAa1é", nil},
		{"Aa1\tAa1\tAa1\t", nil},
		{"Aa1!🐎🐎🐎🐎🐎🐎🐎🐎", nil},
		{"Aa1!" + strings.Repeat("x", 1020), nil},
		{"", []string{"12 characters", "digit", "lower-case", "upper-case", "special"}},
		{"Aa1!Aa1!Aa1", []string{"12 characters"}},
		{"Aa1!ééééééé", []string{"12 characters"}},
		{"Correct-Horse", []string{"digit"}},
		{"CORRECT-HORSE-1", []string{"lower-case"}},
		{"correct-horse-1", []string{"upper-case"}},
		{"CorrectHorse1", []string{"special"}},
		{"Correct_Horse_1", []string{"special"}},
		{"ÉCOLE-É-école-1", nil},
		{"École-é-école-1", []string{"upper-case"}},
		{"Correct-Horse-١", []string{"digit"}}, // an Arabic digit
		{"Correct-Horse\n1", []string{"line breaks"}},
		{"Correct-Horse\r1", []string{"line breaks"}},
		{"Correct-Horse\u20281", []string{"line breaks"}},
		{"Correct-Horse\u20291", []string{"line breaks"}},
		{"Aa1!" + strings.Repeat("x", 1021), []string{"1024 bytes"}},
	}
	for _, test := range tests {
		message := account.CheckNewPassword(secret.New(test.password))
		if (message == "") != (test.lacks == nil) {
			t.Errorf("%q: the message is %q", test.password, message)
		}
		for _, part := range test.lacks {
			if !strings.Contains(message, part) {
				t.Errorf("%q: the message is %q, want %q in it", test.password, message, part)
			}
		}
	}
}

// characterClasses are the parts of the contract's regular expression for passwords, in Go's
// syntax.
var characterClasses = []*regexp.Regexp{
	regexp.MustCompile(`\d`), regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`\W`),
	regexp.MustCompile(`^[^\n\r\x{2028}\x{2029}]*$`),
}

func FuzzCheckNewPassword(f *testing.F) {
	for _, seed := range []string{"Correct-Horse-1", "Correct_Horse_1", "Aa1!\n", "Aa1\xffAa1\xffAa1\xff",
		strings.Repeat("Aa1!", 256), "Aa1!🐎🐎🐎🐎🐎🐎🐎🐎"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		want := len(password) <= 1024 && utf8.RuneCountInString(password) >= 12
		for _, class := range characterClasses {
			want = want && class.MatchString(password)
		}
		if message := account.CheckNewPassword(secret.New(password)); (message == "") != want {
			t.Errorf("%q: the message is %q, want valid %v", password, message, want)
		}
	})
}
