package user

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// userCursor is the content of a pagination cursor. Cursors are not signed, so clients can read
// and forge them. A forged cursor shows only users that the list would show anyway.
type userCursor struct {
	Sort account.UserSort
	Key  string
	ID   int64
}

// cursorAfter returns the cursor of the page that begins after lastUser.
func cursorAfter(sort account.UserSort, lastUser account.User) string {
	place := placeOf(sort, lastUser)
	text, err := json.Marshal(userCursor{Sort: sort, Key: place.Key, ID: place.ID})
	if err != nil {
		panic(err) // impossible: strings and a number always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// placeOf returns the position of a user in a list with the given order.
func placeOf(sort account.UserSort, u account.User) account.UserPosition {
	place := account.UserPosition{ID: u.ID}
	switch sort {
	case account.SortByName, account.SortByNameDown:
		place.Key = u.SortName()
	case account.SortByEmail, account.SortByEmailDown:
		key, _ := account.ParseEmail(u.Email)
		place.Key = string(key)
	}
	return place
}

// parseCursor returns the position that a cursor names. It reports false unless the cursor is
// valid and was made for the same order.
func parseCursor(sort account.UserSort, cursor string) (account.UserPosition, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return account.UserPosition{}, false
	}
	var c userCursor
	if err := json.Unmarshal(text, &c); err != nil || c.Sort != sort || c.ID < 1 {
		return account.UserPosition{}, false
	}
	if !utf8.ValidString(c.Key) || strings.ContainsRune(c.Key, 0) { // PostgreSQL accepts neither invalid UTF-8 nor NUL
		return account.UserPosition{}, false
	}
	return account.UserPosition{Key: c.Key, ID: c.ID}, true
}
