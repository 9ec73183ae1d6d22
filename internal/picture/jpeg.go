package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// jpegInfo is metadata from the header of a JPEG file. For a file of another format it is zero.
type jpegInfo struct {
	progressive bool
	orientation int // EXIF orientation, 1 to 8: how the camera was held; 0: unknown
}

// The JPEG markers that readJPEG looks for (ITU T.81, table B.1).
const (
	markerSOF2 = 0xc2 // start of frame, progressive: tells that the JPEG is progressive
	markerSOS  = 0xda // start of scan: the picture data begins
	markerAPP1 = 0xe1 // application data: contains EXIF
)

// readJPEG reads the segments before the picture data. It stops at an incomplete segment without an
// error, since the decoder reports later whether the file is valid.
func readJPEG(file []byte) (info jpegInfo) {
	rest, ok := bytes.CutPrefix(file, []byte{0xff, 0xd8})
	for ok && len(rest) >= 4 && rest[0] == 0xff && rest[1] != markerSOS {
		marker, length := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
		if marker == 0xff { // fill byte
			rest = rest[1:]
			continue
		}
		if length < 2 || len(rest) < 2+length {
			break
		}
		segment := rest[4 : 2+length]
		switch marker {
		case markerSOF2:
			info.progressive = true
		case markerAPP1:
			if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && info.orientation == 0 {
				info.orientation = orientation(tiff)
			}
		}
		rest = rest[2+length:]
	}
	return info
}

// orientation returns the orientation (tag 0x0112) from the first directory of EXIF data, or 0 if
// there is none. EXIF data has the structure of a TIFF file (TIFF 6.0, section 2).
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	begin := int64(order.Uint32(tiff[4:]))
	if begin+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[begin+2:]
	for range order.Uint16(tiff[begin:]) {
		if len(entries) < 12 {
			break
		}
		if value := int(order.Uint16(entries[8:])); order.Uint16(entries) == 0x0112 && value <= 8 {
			return value
		}
		entries = entries[12:]
	}
	return 0
}

// upright returns the picture rotated and mirrored as its orientation says (EXIF 2.32, table 6).
func (info jpegInfo) upright(from *image.NRGBA) *image.NRGBA {
	if info.orientation < 2 {
		return from
	}
	size := from.Bounds().Size()
	right, bottom := size.X-1, size.Y-1
	source := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return right - x, y },
		3: func(x, y int) (int, int) { return right - x, bottom - y },
		4: func(x, y int) (int, int) { return x, bottom - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, bottom - x },
		7: func(x, y int) (int, int) { return right - y, bottom - x },
		8: func(x, y int) (int, int) { return right - y, x },
	}[info.orientation]
	if info.orientation >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	to := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			to.SetNRGBA(x, y, from.NRGBAAt(source(x, y)))
		}
	}
	return to
}
