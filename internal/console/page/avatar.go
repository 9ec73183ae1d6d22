package page

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/picture"
)

// Avatar shows a user in the template "avatar": by their picture, or by their initials in
// a circle.
type Avatar struct {
	Path     string // of the picture; "": none
	Initials string
	Colour   int // of the circle, 0 to 3: the same on every page
}

const avatarColours = 4

// AvatarOf returns the avatar of a user whose picture is served at a path.
func AvatarOf(u account.User, path string) Avatar {
	a := Avatar{Initials: initialsOf(u), Colour: int(u.ID % avatarColours)}
	if picture.Type(u.Picture) != "" {
		a.Path = path
	}
	return a
}

// OwnAvatar returns the avatar of the caller. It needs no permission.
func (q *Request) OwnAvatar() Avatar { return AvatarOf(q.Caller.User, ProfilePath+"/picture") }

// initialsOf returns the first letters of the name and of the surname. If the name has more
// words, it takes the first and the last one.
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

// SendPicture answers with the picture of a user. The API accepts any bytes as a picture;
// anything that browsers can't draw is reported as not found.
func (q *Request) SendPicture(u account.User) error {
	kind := picture.Type(u.Picture)
	if kind == "" {
		return account.NotFound()
	}
	q.Writer.Header().Set("Content-Type", kind)
	q.Writer.WriteHeader(http.StatusOK)
	_, _ = q.Writer.Write(u.Picture) // fails only if the client is gone
	return nil
}
