// Package picture scales the picture of a user down and re-encodes it without metadata.
//
// The package imports the standard library and golang.org/x/image.
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

// Limits of a file, and of the picture made of it.
const (
	MaxFileBytes = 10 << 20
	MaxPixels    = 40_000_000
	Side         = 256 // pixels of the longer side of the result, at most

	maxSide = 65535 // pixels, as in JPEG; scaling needs memory for each row
)

// The errors of [Shrinker.Shrink].
var (
	ErrUnreadable = errors.New("not a whole PNG, JPEG, GIF or WebP picture")
	ErrTooLarge   = errors.New("the picture has too many pixels")
	ErrNoFit      = errors.New("the picture cannot be made small enough")
)

// format is a file format of pictures.
type format struct {
	decode func(io.Reader) (image.Image, error)
	config func(io.Reader) (image.Config, error)
}

// formats are the accepted formats by the media type that [http.DetectContentType] finds in
// the first bytes, whatever the name of the file is. None of them can contain a script.
var formats = map[string]format{
	"image/png":  {png.Decode, png.DecodeConfig},
	"image/jpeg": {jpeg.Decode, jpeg.DecodeConfig},
	"image/gif":  {gif.Decode, gif.DecodeConfig}, // the first picture of an animation
	"image/webp": {webp.Decode, webp.DecodeConfig},
}

// Type returns the media type of a picture that browsers can draw: PNG, JPEG, GIF or WebP. It
// returns "" for any other file.
func Type(file []byte) string {
	found := http.DetectContentType(file)
	if _, ok := formats[found]; !ok {
		return ""
	}
	return found
}

// Shrinker scales pictures down, one at a time, since decoding one may take 300 MB of memory.
// It may be used by many goroutines at once.
type Shrinker struct {
	decoding chan struct{} // semaphore
}

// NewShrinker returns a shrinker.
func NewShrinker() *Shrinker { return &Shrinker{decoding: make(chan struct{}, 1)} }

// Shrink returns a picture of at most [Side] pixels a side and at most maxBytes, made of a
// PNG, JPEG, GIF or WebP file. The result is upright and has no metadata, such as the place
// where the picture was taken. Shrink fails with ErrUnreadable, ErrTooLarge or ErrNoFit, or
// with the error of ctx if ctx ends while it waits for other pictures.
func (s *Shrinker) Shrink(ctx context.Context, file []byte, maxBytes int) ([]byte, error) {
	f, ok := formats[Type(file)]
	if !ok {
		return nil, ErrUnreadable
	}
	info := readJPEG(file) // zero for the other formats
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

// weight returns how many times the memory of an ordinary picture is needed for each pixel.
// 16 bits per colour and four colours need twice as much. A progressive JPEG does, too: the
// decoder keeps all its coefficients until the last pass.
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

// decodeSmall decodes a file and scales it down. It releases the memory of the large picture
// before the next one is decoded.
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

// within returns the size with the same aspect ratio that fits into a square of [Side].
func within(size image.Point) image.Point {
	longer := max(size.X, size.Y)
	if longer <= Side {
		return size
	}
	return image.Pt(max(1, size.X*Side/longer), max(1, size.Y*Side/longer))
}

// encode returns a picture in at most maxBytes: as JPEG, or as PNG if it has transparency.
// Most pictures of people are photographs, which JPEG compresses well. If the PNG is too
// large, it becomes a JPEG on a white background.
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
