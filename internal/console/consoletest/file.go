package consoletest

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"testing"
)

// UsersFile is a valid CSV file of three users, to be imported.
const UsersFile = `name,surname,email,department,active,password
Ada,Lovelace,ada@example.net,Engines,true,Correct-horse-7
Bob,,bob@example.net,,true,
Cy,,cy@example.net,,false,
`

// UnreadBody is a request body that fails the test if the server reads it.
type UnreadBody struct{ T *testing.T }

func (u UnreadBody) Read([]byte) (int, error) {
	u.T.Error("the body was read")
	return 0, errors.New("must not be read")
}

// Picture returns a PNG file of the given size in pixels.
func Picture(width, height int) []byte {
	var file bytes.Buffer
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = byte(i)
	}
	if err := png.Encode(&file, m); err != nil {
		panic(err)
	}
	return file.Bytes()
}
