// Package picture scales users' pictures down and re-encodes them without metadata.
package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"runtime/debug"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// Limits of an uploaded file, and the size of the resulting picture.
const (
	MaxFileBytes = 10 << 20
	MaxPixels    = 40_000_000
	Side         = 256 // maximum width and height of the result, in pixels

	maxSide = 65535 // maximum width and height of a file in pixels, as in JPEG: scaling needs memory for each row
)

// The errors of [Shrinker.Shrink].
var (
	ErrUnreadable = errors.New("not a whole PNG, JPEG, GIF or WebP picture")
	ErrTooLarge   = errors.New("the picture has too many pixels")
	ErrNoFit      = errors.New("the picture cannot be made small enough")
)

// format is a file format of pictures, with functions that decode a file and its header.
type format struct {
	decode func(io.Reader) (image.Image, error)
	config func(io.Reader) (image.Config, error)
}

// formats maps the media type of an accepted file to its format. [http.DetectContentType] finds the
// media type from the first bytes of the file; the name of the file is not considered. None of
// these formats can contain a script.
var formats = map[string]format{
	"image/png":  {png.Decode, png.DecodeConfig},
	"image/jpeg": {jpeg.Decode, jpeg.DecodeConfig},
	"image/gif":  {gif.Decode, gif.DecodeConfig}, // decodes the first picture of an animation
	"image/webp": {webp.Decode, webp.DecodeConfig},
}

// Type returns the media type of a file if browsers can draw it as a picture: PNG, JPEG, GIF or
// WebP. For any other file it returns "".
func Type(file []byte) string {
	found := http.DetectContentType(file)
	if _, ok := formats[found]; !ok {
		return ""
	}
	return found
}

// Shrinker scales pictures down. It decodes only one picture at a time, since that may take 300 MB
// of memory. It is safe for concurrent use.
type Shrinker struct {
	decoding chan struct{} // semaphore with one slot
}

// NewShrinker returns a Shrinker that is ready to use.
func NewShrinker() *Shrinker { return &Shrinker{decoding: make(chan struct{}, 1)} }

// Shrink scales down a PNG, JPEG, GIF or WebP file. The result has at most [Side] pixels in width
// and height, and at most maxBytes. It is upright and has no metadata, such as the place where the
// picture was taken.
//
// Shrink fails with ErrUnreadable, ErrTooLarge or ErrNoFit. If ctx ends while Shrink waits for
// other pictures, it fails with the error of ctx.
func (s *Shrinker) Shrink(ctx context.Context, file []byte, maxBytes int) ([]byte, error) {
	f, ok := formats[Type(file)]
	if !ok {
		return nil, ErrUnreadable
	}
	info := readJPEG(file) // zero if the file is not a JPEG
	config, err := f.config(bytes.NewReader(file))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, ErrUnreadable
	}
	if max(config.Width, config.Height) > maxSide || config.Width*config.Height*weight(config, info) > MaxPixels {
		return nil, ErrTooLarge
	}
	small, err := s.decodeSmall(ctx, f, file)
	if err != nil {
		return nil, err
	}
	return encode(info.upright(small), maxBytes)
}

// weight returns how much memory a pixel needs while the file is decoded, as a multiple of an
// ordinary pixel. A pixel with 16 bits per colour or with four colours (CMYK) needs twice as much.
// So does a progressive JPEG, because the decoder keeps all coefficients until the end.
func weight(config image.Config, info jpegInfo) int {
	w := 1
	switch config.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model, color.CMYKModel:
		w = 2
	}
	if info.progressive {
		w *= 2
	}
	return w
}

// decodeSmall decodes a file and scales the picture down. It frees the memory of the large picture
// before another one may be decoded.
func (s *Shrinker) decodeSmall(ctx context.Context, f format, file []byte) (*image.NRGBA, error) {
	select {
	case s.decoding <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		debug.FreeOSMemory()
		<-s.decoding
	}()
	large, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return nil, ErrUnreadable
	}
	small := image.NewNRGBA(image.Rectangle{Max: within(large.Bounds().Size())})
	draw.BiLinear.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
	return small, nil
}

// within returns the largest size with the same aspect ratio that fits into a square of [Side]
// pixels. A smaller picture keeps its size.
func within(size image.Point) image.Point {
	longer := max(size.X, size.Y)
	if longer <= Side {
		return size
	}
	return image.Pt(max(1, size.X*Side/longer), max(1, size.Y*Side/longer))
}

// encode encodes a picture in at most maxBytes. It uses PNG for a picture with transparency, and
// otherwise JPEG, which compresses photographs well. If the PNG is too large, encode uses a JPEG
// with a white background.
func encode(small *image.NRGBA, maxBytes int) ([]byte, error) {
	var file bytes.Buffer
	if !small.Opaque() {
		if err := png.Encode(&file, small); err != nil {
			return nil, err
		}
		if file.Len() <= maxBytes {
			return file.Bytes(), nil
		}
	}
	solid := image.NewRGBA(small.Bounds())
	draw.Draw(solid, solid.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(solid, solid.Bounds(), small, image.Point{}, draw.Over)
	for _, quality := range []int{88, 70, 40} {
		file.Reset()
		if err := jpeg.Encode(&file, solid, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		if file.Len() <= maxBytes {
			return file.Bytes(), nil
		}
	}
	return nil, ErrNoFit
}
