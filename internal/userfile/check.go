package userfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// checkRows applies the server's rules to the rows. The server applies them again;
// here they tell the line.
func (f *reader) checkRows() {
	lines := map[account.EmailKey]int{}
	for i := range f.rows {
		row := &f.rows[i]
		f.checkText(row, "name", &row.Name, account.MaxNameLength)
		if strings.TrimSpace(row.Name) == "" {
			f.failUser(row.User, row.Line, "name", "is needed")
		}
		f.checkText(row, "surname", row.Surname, account.MaxNameLength)
		f.checkText(row, "department", row.Department, account.MaxNameLength)
		f.checkText(row, "biography", row.Biography, account.MaxBiographyLength)
		f.checkEmail(row, lines)
		f.checkPassword(row)
	}
}

func (f *reader) checkText(row *Row, field string, text *string, maxLength int) {
	switch {
	case text == nil:
	case !utf8.ValidString(*text):
		f.failUser(row.User, row.Line, field, "is not UTF-8")
	case strings.ContainsRune(*text, 0):
		f.failUser(row.User, row.Line, field, "has a NUL character")
	case utf8.RuneCountInString(*text) > maxLength:
		f.failUser(row.User, row.Line, field, fmt.Sprintf("has more than %d characters", maxLength))
	}
}

func (f *reader) checkEmail(row *Row, lines map[account.EmailKey]int) {
	if row.Email == "" {
		f.failUser(row.User, row.Line, "email", "is needed")
		return
	}
	key, ok := account.ParseEmail(row.Email)
	if !ok {
		f.failUser(row.User, row.Line, "email", "is not an e-mail address")
		return
	}
	if first, given := lines[key]; given {
		f.failUser(row.User, row.Line, "email", fmt.Sprintf("is the same as on line %d", first))
		return
	}
	lines[key] = row.Line
}

func (f *reader) checkPassword(row *Row) {
	text := row.Password.Reveal()
	switch {
	case text == "":
		f.failUser(row.User, row.Line, "password", "is needed")
	case !utf8.ValidString(text):
		f.failUser(row.User, row.Line, "password", "is not UTF-8")
	case strings.ContainsRune(text, 0):
		f.failUser(row.User, row.Line, "password", "has a NUL character")
	default:
		if fault := account.CheckNewPassword(row.Password); fault != "" {
			f.failUser(row.User, row.Line, "password", fault)
		}
	}
}
