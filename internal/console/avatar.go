package console

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/picture"
)

var avatarRoutes = []route{
	{pattern: "GET " + profilePath + "/picture", page: (*request).ownPicture},
	{pattern: "GET /users/{id}/picture", page: (*request).userPicture},
}

// avatar is a person as the template "avatar" shows him: by his picture, or by his
// initials in a circle.
type avatar struct {
	Path     string // of the picture; "": there is none
	Initials string
	Colour   int // 0 to 3, of the circle: the same on every page
}

const avatarColours = 4

// avatarOf is the one of a user, whose picture is at the path.
func avatarOf(u account.User, path string) avatar {
	a := avatar{Initials: initialsOf(u), Colour: int(u.ID % avatarColours)}
	if picture.Type(u.Picture) != "" {
		a.Path = path
	}
	return a
}

// ownAvatar is the one of the caller, which he sees whatever he may.
func (q *request) ownAvatar() avatar { return avatarOf(q.caller.User, profilePath+"/picture") }

// initialsOf are the first letters of the name and of the surname. Many have both in the
// name: then they are those of its first and of its last word.
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

func (q *request) ownPicture() error { return q.sendPicture(q.caller.User) }

func (q *request) userPicture() error {
	id, err := q.id("id")
	if err != nil {
		return err
	}
	user, err := q.accounts.User(q.Context(), q.caller, id)
	if err != nil {
		return err
	}
	return q.sendPicture(user)
}

// sendPicture answers with the picture of a user. The API takes any bytes for one: what
// is none of the kinds that browsers draw is not there.
func (q *request) sendPicture(u account.User) error {
	kind := picture.Type(u.Picture)
	if kind == "" {
		return account.NotFound()
	}
	q.w.Header().Set("Content-Type", kind)
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(u.Picture) // fails only when the reader has gone
	return nil
}
