package page

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/picture"
)

// Avatar is the data of the template "avatar". The template shows a user's picture, or else the
// user's initials in a coloured circle.
type Avatar struct {
	Path     string // path of the picture; "": the user has none
	Initials string
	Colour   int // number of the circle's colour, 0 to 3, derived from the user's id
}

const avatarColours = 4

// AvatarOf returns the avatar of a user. path is the URL path of the user's picture.
func AvatarOf(u account.User, path string) Avatar {
	a := Avatar{Initials: initialsOf(u), Colour: int(u.ID % avatarColours)}
	if picture.Type(u.Picture) != "" {
		a.Path = path
	}
	return a
}

// OwnAvatar returns the avatar of the caller. The caller needs no permission to see it.
func (q *Request) OwnAvatar() Avatar { return AvatarOf(q.Caller.User, ProfilePath+"/picture") }

// initialsOf returns the initials of a user: the first letters of the first and the last word of
// their full name.
func initialsOf(u account.User) string {
	words := strings.Fields(u.Name)
	if u.Surname != nil {
		words = append(words, strings.Fields(*u.Surname)...)
	}
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	text := ""
	for _, word := range words {
		text += string(unicode.ToUpper([]rune(word)[0]))
	}
	return text
}

// SendPicture sends the picture of a user. The API accepts any bytes as a picture; SendPicture
// reports a picture that browsers can't draw as not found.
func (q *Request) SendPicture(u account.User) error {
	kind := picture.Type(u.Picture)
	if kind == "" {
		return account.NotFound()
	}
	q.Writer.Header().Set("Content-Type", kind)
	q.Writer.WriteHeader(http.StatusOK)
	_, _ = q.Writer.Write(u.Picture) // fails only if the client has disconnected
	return nil
}
