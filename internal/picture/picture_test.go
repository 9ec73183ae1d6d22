package picture_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/picture"
)

const maxBytes = 65536

var (
	red  = color.NRGBA{220, 20, 20, 255}
	blue = color.NRGBA{20, 20, 220, 255}
)

// halves is a picture that is red at the left and blue at the right.
func halves(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetNRGBA(x, y, map[bool]color.NRGBA{true: red, false: blue}[x < width/2])
		}
	}
	return m
}

// noise is a picture that no format makes small.
func noise(width, height int, opaque bool) *image.NRGBA {
	m, random := image.NewNRGBA(image.Rect(0, 0, width, height)), rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(random.Uint32())
		if opaque && i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

func asPNG(m image.Image) []byte {
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func asJPEG(m image.Image) []byte {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, m, nil); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func asGIF(m image.Image) []byte {
	var file bytes.Buffer
	if err := gif.Encode(&file, m, nil); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// webp is a picture of one pixel that one can see through.
var webp = func() []byte {
	file, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		panic(err)
	}
	return file
}()

// withSegment is a JPEG file with a segment behind its first marker.
func withSegment(file []byte, marker byte, segment []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(segment)))
	return bytes.Join([][]byte{file[:2], head, segment, file[2:]}, nil)
}

// exif says how the camera was held, and where.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	text := []byte("Exif\x00\x00II*\x00")
	if order.String() == binary.BigEndian.String() {
		text = []byte("Exif\x00\x00MM\x00*")
	}
	text = order.AppendUint32(text, 8)
	text = order.AppendUint16(text, 2)
	text = append(text, make([]byte, 12)...)
	text = order.AppendUint16(order.AppendUint16(text, 0x0112), 3)
	text = order.AppendUint16(order.AppendUint32(text, 1), orientation)
	return append(text, "\x00\x00GPS 48.8584 N 2.2945 E"...)
}

// sized is the head of a PNG file that says that it has this size, and nothing more.
func sized(width, height uint32, depth byte) []byte {
	chunk := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	chunk = append(chunk, depth, 6, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\r"), chunk...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(chunk))
}

func TestShrink(t *testing.T) {
	tests := []struct {
		name          string
		file          []byte
		width, height int
		made          string
	}{
		{"wide", asJPEG(halves(600, 300)), 256, 128, "image/jpeg"},
		{"high", asPNG(halves(200, 400)), 128, 256, "image/jpeg"},
		{"small", asGIF(halves(20, 10)), 20, 10, "image/jpeg"},
		{"a line", asPNG(halves(2000, 1)), 256, 1, "image/jpeg"},
		{"of WebP", webp, 1, 1, "image/png"},
		{"one can see through", asPNG(image.NewNRGBA(image.Rect(0, 0, 300, 300))), 256, 256, "image/png"},
		{"noise", asPNG(noise(256, 256, true)), 256, 256, "image/jpeg"},
		{"noise that one can see through", asPNG(noise(256, 256, false)), 256, 256, "image/jpeg"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made, err := picture.Shrink(t.Context(), test.file, maxBytes)
			if err != nil {
				t.Fatal(err)
			}
			config, _, err := image.DecodeConfig(bytes.NewReader(made))
			if err != nil || config.Width != test.width || config.Height != test.height {
				t.Errorf("made %d × %d, want %d × %d (%v)", config.Width, config.Height, test.width, test.height, err)
			}
			if got := picture.Type(made); got != test.made || len(made) > maxBytes {
				t.Errorf("made %d bytes of %s, want %s", len(made), got, test.made)
			}
		})
	}
}

func TestShrinkRefuses(t *testing.T) {
	whole := asPNG(halves(300, 300))
	progressive := bytes.Replace(asJPEG(halves(16, 16)), []byte{0xff, 0xc0}, []byte{0xff, 0xc2}, 1)
	at := bytes.Index(progressive, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint16(progressive[at+5:], 5000) // height and width: 25 million pixels
	binary.BigEndian.PutUint16(progressive[at+7:], 5000)
	tests := []struct {
		name string
		file []byte
		max  int
		want error
	}{
		{"nothing", nil, maxBytes, picture.ErrUnreadable},
		{"text", []byte("not a picture"), maxBytes, picture.ErrUnreadable},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), maxBytes, picture.ErrUnreadable},
		{"half of one", whole[:len(whole)/2], maxBytes, picture.ErrUnreadable},
		{"the first bytes of one", []byte("\x89PNG\r\n\x1a\n"), maxBytes, picture.ErrUnreadable},
		{"a bomb", sized(50_000, 50_000, 8), maxBytes, picture.ErrTooLarge},
		{"more than 40 million pixels", sized(8000, 5001, 8), maxBytes, picture.ErrTooLarge},
		{"more than 20 million of 16 bits", sized(5000, 4001, 16), maxBytes, picture.ErrTooLarge},
		{"more than 20 million in passes", progressive, maxBytes, picture.ErrTooLarge},
		{"a long line", sized(1, 65536, 8), maxBytes, picture.ErrTooLarge},
		{"as many as are taken, but none there", sized(8000, 5000, 8), maxBytes, picture.ErrUnreadable},
		{"no room", whole, 100, picture.ErrNoFit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if made, err := picture.Shrink(t.Context(), test.file, test.max); !errors.Is(err, test.want) || made != nil {
				t.Errorf("%d bytes, %v; want %v", len(made), err, test.want)
			}
		})
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for range 100 { // of two that are ready, select takes any
		if _, err := picture.Shrink(ended, whole, maxBytes); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("who has gone is still served")
}

// A photograph is turned as the camera was held, and nothing of where it was taken is
// left.
func TestUpright(t *testing.T) {
	cornered := halves(64, 32)
	draw.Draw(cornered, image.Rect(0, 16, 64, 32), image.NewUniform(blue), image.Point{}, draw.Src)
	photograph := asJPEG(cornered) // red at the top left, and blue elsewhere
	tests := []struct {
		orientation   uint16
		width, height int
		corner        string // that is red then
	}{
		{0, 64, 32, "top left"},
		{1, 64, 32, "top left"},
		{2, 64, 32, "top right"},
		{3, 64, 32, "bottom right"},
		{4, 64, 32, "bottom left"},
		{5, 32, 64, "top left"},
		{6, 32, 64, "top right"},
		{7, 32, 64, "bottom right"},
		{8, 32, 64, "bottom left"},
		{9, 64, 32, "top left"}, // there is none
	}
	for _, test := range tests {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			made, err := picture.Shrink(t.Context(), withSegment(photograph, 0xe1, exif(order, test.orientation)), maxBytes)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(made), "GPS") || strings.Contains(string(made), "Exif") {
				t.Error("where it was taken is still there")
			}
			m, _, err := image.Decode(bytes.NewReader(made))
			if err != nil {
				t.Fatal(err)
			}
			right, bottom := test.width-4, test.height-4
			var corners []string
			for name, at := range map[string]image.Point{"top left": {4, 4}, "top right": {right, 4}, "bottom left": {4, bottom}, "bottom right": {right, bottom}} {
				if r, _, b, _ := m.At(at.X, at.Y).RGBA(); r > b {
					corners = append(corners, name)
				}
			}
			if size := m.Bounds().Size(); size != image.Pt(test.width, test.height) || !slices.Equal(corners, []string{test.corner}) {
				t.Errorf("orientation %d by %v: size %v, red at the %q", test.orientation, order, size, corners)
			}
		}
	}
}

// Only what a browser draws is given to it as a picture.
func TestType(t *testing.T) {
	for want, file := range map[string][]byte{
		"image/png": asPNG(halves(1, 1)), "image/jpeg": asJPEG(halves(1, 1)), "image/gif": asGIF(halves(1, 1)), "image/webp": webp,
	} {
		if got := picture.Type(file); got != want {
			t.Errorf("%q is taken for %q", want, got)
		}
	}
	for _, other := range []string{"", "<!doctype html><script>", "<svg/onload=alert(1)>", "%PDF-1.7", "BM\x00\x00", "\x00\x00\x01\x00"} {
		if got := picture.Type([]byte(other)); got != "" {
			t.Errorf("%q is taken for %q", other, got)
		}
	}
}

// Whatever a file says, nothing panics and what is made fits.
func FuzzShrink(f *testing.F) {
	for _, seed := range [][]byte{
		webp, asPNG(halves(2, 2)), asGIF(halves(2, 2)), asJPEG(halves(8, 8)),
		withSegment(asJPEG(halves(8, 8)), 0xe1, exif(binary.BigEndian, 6)), {0xff, 0xd8, 0xff, 0xff, 0xff, 0xe1, 0, 0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if made, err := picture.Shrink(t.Context(), file, maxBytes); err == nil && (len(made) > maxBytes || picture.Type(made) == "") {
			t.Errorf("made %d bytes of %q", len(made), picture.Type(made))
		}
	})
}
