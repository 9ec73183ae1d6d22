// Package picture makes the small picture of a person out of the file that he has.
//
// It imports the standard library and golang.org/x/image alone.
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

// Limits of what is taken, and of what is made of it.
const (
	MaxFileBytes = 10 << 20
	MaxPixels    = 40_000_000
	Side         = 256 // pixels; the longer side of what is made, at most

	maxSide = 65535 // that of JPEG; scaling needs memory for each row
)

// The failures of [Shrink].
var (
	ErrUnreadable = errors.New("not a whole PNG, JPEG, GIF or WebP picture")
	ErrTooLarge   = errors.New("the picture has too many pixels")
	ErrNoFit      = errors.New("the picture cannot be made small enough")
)

// format is a kind of file that people have their pictures in.
type format struct {
	decode func(io.Reader) (image.Image, error)
	config func(io.Reader) (image.Config, error)
}

// formats are known by the type that [http.DetectContentType] finds: by the first
// bytes, whatever the file is called. None of them can hold a script.
var formats = map[string]format{
	"image/png":  {png.Decode, png.DecodeConfig},
	"image/jpeg": {jpeg.Decode, jpeg.DecodeConfig},
	"image/gif":  {gif.Decode, gif.DecodeConfig}, // of several pictures the first
	"image/webp": {webp.Decode, webp.DecodeConfig},
}

// Type returns the media type of a picture that browsers may be given: one of PNG,
// JPEG, GIF and WebP, or "" for everything else.
func Type(file []byte) string {
	found := http.DetectContentType(file)
	if _, ok := formats[found]; !ok {
		return ""
	}
	return found
}

// decoding lets one picture be decoded at a time: one may need 300 MB for a moment.
var decoding = make(chan struct{}, 1)

// Shrink makes a picture of at most [Side] pixels a side and maxBytes out of a PNG,
// JPEG, GIF or WebP file: upright, and without whatever else the file says, such as
// where it was taken. It fails with ErrUnreadable, ErrTooLarge, ErrNoFit, or as ctx
// does while others' pictures are made.
func Shrink(ctx context.Context, file []byte, maxBytes int) ([]byte, error) {
	f, ok := formats[Type(file)]
	if !ok {
		return nil, ErrUnreadable
	}
	about := readJPEG(file) // says nothing of the others
	config, err := f.config(bytes.NewReader(file))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, ErrUnreadable
	}
	if max(config.Width, config.Height) > maxSide || config.Width*config.Height*weight(config, about) > MaxPixels {
		return nil, ErrTooLarge
	}
	small, err := decodeSmall(ctx, f, file)
	if err != nil {
		return nil, err
	}
	return encode(about.upright(small), maxBytes)
}

// weight is how much of the memory of a usual picture one needs, pixel for pixel:
// 16 bits of a colour and four colours need twice as much, and so does a JPEG that
// comes in several passes, whose coefficients are all kept until the last.
func weight(config image.Config, about jpegInfo) int {
	w := 1
	switch config.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model, color.CMYKModel:
		w = 2
	}
	if about.progressive {
		w *= 2
	}
	return w
}

// decodeSmall decodes a file and scales it down. The memory of the large picture is
// given back before the next one may begin.
func decodeSmall(ctx context.Context, f format, file []byte) (*image.NRGBA, error) {
	select {
	case decoding <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		debug.FreeOSMemory()
		<-decoding
	}()
	large, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return nil, ErrUnreadable
	}
	small := image.NewNRGBA(image.Rectangle{Max: within(large.Bounds().Size())})
	draw.BiLinear.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
	return small, nil
}

// within is a size of the same shape that fits into a square of [Side].
func within(size image.Point) image.Point {
	longer := max(size.X, size.Y)
	if longer <= Side {
		return size
	}
	return image.Pt(max(1, size.X*Side/longer), max(1, size.Y*Side/longer))
}

// encode writes a picture as JPEG, or as PNG if one can see through it, in at most
// maxBytes. Pictures of people are photographs, which JPEG makes small; what PNG
// cannot make small enough is put on white.
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
