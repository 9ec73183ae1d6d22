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

func shrink(ctx context.Context, file []byte, maxBytes int) ([]byte, error) {
	return picture.NewShrinker().Shrink(ctx, file, maxBytes)
}

var (
	red  = color.NRGBA{R: 220, G: 20, B: 20, A: 255}
	blue = color.NRGBA{R: 20, G: 20, B: 220, A: 255}
)

// halves returns a picture that is red on the left and blue on the right.
func halves(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetNRGBA(x, y, map[bool]color.NRGBA{true: red, false: blue}[x < width/2])
		}
	}
	return m
}

// noise returns a picture of random pixels, which no format can compress.
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

// webp is a WebP file with a single transparent pixel.
var webp = func() []byte {
	file, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		panic(err)
	}
	return file
}()

// withSegment inserts a segment at the beginning of a JPEG file, right after its first marker.
func withSegment(file []byte, marker byte, segment []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(segment)))
	return bytes.Join([][]byte{file[:2], head, segment, file[2:]}, nil)
}

// exif returns an EXIF segment with an orientation and the place where the picture was taken.
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

// sized returns the header of a PNG file that claims to have this size. The file ends there.
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
		mediaType     string
	}{
		{"wide", asJPEG(halves(600, 300)), 256, 128, "image/jpeg"},
		{"high", asPNG(halves(200, 400)), 128, 256, "image/jpeg"},
		{"small", asGIF(halves(20, 10)), 20, 10, "image/jpeg"},
		{"a line", asPNG(halves(2000, 1)), 256, 1, "image/jpeg"},
		{"of WebP", webp, 1, 1, "image/png"},
		{"transparent", asPNG(image.NewNRGBA(image.Rect(0, 0, 300, 300))), 256, 256, "image/png"},
		{"noise", asPNG(noise(256, 256, true)), 256, 256, "image/jpeg"},
		{"transparent noise", asPNG(noise(256, 256, false)), 256, 256, "image/jpeg"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result, err := shrink(t.Context(), test.file, maxBytes)
			if err != nil {
				t.Fatal(err)
			}
			config, _, err := image.DecodeConfig(bytes.NewReader(result))
			if err != nil || config.Width != test.width || config.Height != test.height {
				t.Errorf("made %d × %d, want %d × %d (%v)", config.Width, config.Height, test.width, test.height, err)
			}
			if got := picture.Type(result); got != test.mediaType || len(result) > maxBytes {
				t.Errorf("made %d bytes of %s, want %s", len(result), got, test.mediaType)
			}
		})
	}
}

func TestShrinkRefuses(t *testing.T) {
	whole := asPNG(halves(300, 300))
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	progressive := bytes.Replace(asJPEG(halves(16, 16)), []byte{0xff, 0xc0}, []byte{0xff, 0xc2}, 1)
	at := bytes.Index(progressive, []byte{0xff, 0xc2})
	binary.BigEndian.PutUint16(progressive[at+5:], 5000) // set height and width to 5000: 25 million pixels
	binary.BigEndian.PutUint16(progressive[at+7:], 5000)
	tests := []struct {
		name string
		file []byte
		max  int
		want error
	}{
		{"nothing", nil, maxBytes, picture.ErrUnreadable},
		{"text", []byte("not a picture"), maxBytes, picture.ErrUnreadable},
		{"SVG", svg, maxBytes, picture.ErrUnreadable},
		{"truncated", whole[:len(whole)/2], maxBytes, picture.ErrUnreadable},
		{"signature only", []byte("\x89PNG\r\n\x1a\n"), maxBytes, picture.ErrUnreadable},
		{"a bomb", sized(50_000, 50_000, 8), maxBytes, picture.ErrTooLarge},
		{"more than 40 million pixels", sized(8000, 5001, 8), maxBytes, picture.ErrTooLarge},
		{"more than 20 million of 16 bits", sized(5000, 4001, 16), maxBytes, picture.ErrTooLarge},
		{"more than 20 million, progressive", progressive, maxBytes, picture.ErrTooLarge},
		{"a long line", sized(1, 65536, 8), maxBytes, picture.ErrTooLarge},
		{"the most pixels, but no data", sized(8000, 5000, 8), maxBytes, picture.ErrUnreadable},
		{"no room", whole, 100, picture.ErrNoFit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result, err := shrink(t.Context(), test.file, test.max)
			if !errors.Is(err, test.want) || result != nil {
				t.Errorf("%d bytes, %v; want %v", len(result), err, test.want)
			}
		})
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for range 100 { // repeat, because select picks at random if both cases are ready
		if _, err := shrink(ended, whole, maxBytes); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("the context has ended, but the picture is still decoded")
}

// TestUpright checks that a photograph is rotated as its orientation says, and that the place where
// it was taken is removed.
func TestUpright(t *testing.T) {
	cornered := halves(64, 32)
	draw.Draw(cornered, image.Rect(0, 16, 64, 32), image.NewUniform(blue), image.Point{}, draw.Src)
	photograph := asJPEG(cornered) // one quarter is red, at the top left; the rest is blue
	tests := []struct {
		orientation   uint16
		width, height int
		corner        string // the corner that must be red
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
		{9, 64, 32, "top left"}, // not a valid orientation, so it is ignored
	}
	for _, test := range tests {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			file := withSegment(photograph, 0xe1, exif(order, test.orientation))
			result, err := shrink(t.Context(), file, maxBytes)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(result), "GPS") || strings.Contains(string(result), "Exif") {
				t.Error("the result has EXIF data")
			}
			m, _, err := image.Decode(bytes.NewReader(result))
			if err != nil {
				t.Fatal(err)
			}
			right, bottom := test.width-4, test.height-4
			var corners []string
			for name, at := range map[string]image.Point{
				"top left": {4, 4}, "top right": {right, 4}, "bottom left": {4, bottom},
				"bottom right": {right, bottom},
			} {
				if r, _, b, _ := m.At(at.X, at.Y).RGBA(); r > b {
					corners = append(corners, name)
				}
			}
			size := m.Bounds().Size()
			if size != image.Pt(test.width, test.height) || !slices.Equal(corners, []string{test.corner}) {
				t.Errorf("orientation %d by %v: size %v, red at the %q", test.orientation, order, size, corners)
			}
		}
	}
}

// TestType checks that only files that browsers can draw have a media type.
func TestType(t *testing.T) {
	for want, file := range map[string][]byte{
		"image/png": asPNG(halves(1, 1)), "image/jpeg": asJPEG(halves(1, 1)), "image/gif": asGIF(halves(1, 1)),
		"image/webp": webp,
	} {
		if got := picture.Type(file); got != want {
			t.Errorf("type of %s: %q", want, got)
		}
	}
	for _, other := range []string{
		"", "<!doctype html><script>", "<svg/onload=alert(1)>", "%PDF-1.7", "BM\x00\x00", "\x00\x00\x01\x00",
	} {
		if got := picture.Type([]byte(other)); got != "" {
			t.Errorf("type of %q: %q", other, got)
		}
	}
}

// FuzzShrink checks that no file makes Shrink panic, and that every result is small enough.
func FuzzShrink(f *testing.F) {
	for _, seed := range [][]byte{
		webp, asPNG(halves(2, 2)), asGIF(halves(2, 2)), asJPEG(halves(8, 8)),
		withSegment(asJPEG(halves(8, 8)), 0xe1, exif(binary.BigEndian, 6)), {0xff, 0xd8, 0xff, 0xff, 0xff, 0xe1, 0, 0},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		result, err := shrink(t.Context(), file, maxBytes)
		if err == nil && (len(result) > maxBytes || picture.Type(result) == "") {
			t.Errorf("made %d bytes of %q", len(result), picture.Type(result))
		}
	})
}
