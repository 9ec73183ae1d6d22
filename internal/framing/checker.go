package framing

import (
	"bytes"
	"errors"
	"strconv"
)

// maxLine is the length in bytes after which a line is refused. http.Server refuses shorter lines, so this limit only
// bounds memory.
const maxLine = 64 << 10

// The reasons to refuse a request.
var (
	errBareLF     = errors.New("a line ends with LF instead of CRLF")
	errFolded     = errors.New("a header line begins with white space")
	errRepeated   = errors.New("there is more than one header Content-Length or Transfer-Encoding")
	errLength     = errors.New("Content-Length is not a number")
	errOldVersion = errors.New("Transfer-Encoding needs HTTP/1.1")
	errChunk      = errors.New("the chunked framing is not valid")
	errLongLine   = errors.New("a line is too long")
)

// position is the part of a request that comes next in the byte stream.
type position int

const (
	atRequestLine position = iota // the beginning of a request
	atHeader
	atBody      // a body with Content-Length
	atChunkSize // the size and the extensions of a chunk
	atChunk     // the data of a chunk
	atChunkEnd  // the line end after the data
	atTrailer
)

// checker follows the requests in the byte stream of a connection. Its zero value is at the beginning of a connection.
// It is strict where the standard allows several readings, so that it agrees with net/http about where each accepted
// request ends. FuzzChecker compares the two.
type checker struct {
	next   position
	line   []byte // the beginning of the current line, from earlier calls; nil: none
	http11 bool   // the request has the version HTTP/1.1

	framed  bool   // the request has Content-Length or Transfer-Encoding
	chunked bool   // its body is chunked
	length  uint64 // bytes of the body or of the chunk that are still to come
}

// check reads the next bytes of the connection. If a line among them must be refused, it returns the number of bytes
// before the end of that line, and the reason.
func (c *checker) check(p []byte) (int, error) {
	for i := 0; i < len(p); {
		if c.next == atBody || c.next == atChunk {
			n := min(uint64(len(p)-i), c.length)
			i += int(n)
			c.length -= n
			if c.length == 0 {
				c.endData()
			}
			continue
		}
		end := bytes.IndexByte(p[i:], '\n')
		if end < 0 {
			if c.line = append(c.line, p[i:]...); len(c.line) > maxLine {
				return i, errLongLine
			}
			return len(p), nil
		}
		line := p[i : i+end]
		if c.line != nil {
			line, c.line = append(c.line, line...), nil
		}
		if err := c.endLine(line); err != nil {
			return i + end, err
		}
		i += end + 1
	}
	return len(p), nil
}

// endData decides what comes after a body or after the data of a chunk.
func (c *checker) endData() {
	if c.next == atChunk {
		c.next = atChunkEnd
		return
	}
	*c = checker{}
}

// endLine reads a complete line, without its LF.
func (c *checker) endLine(line []byte) error {
	line, ok := bytes.CutSuffix(line, []byte("\r"))
	if !ok {
		return errBareLF
	}
	switch c.next {
	case atRequestLine:
		c.requestLine(line)
	case atHeader:
		return c.header(line)
	case atChunkSize:
		return c.chunkSize(line)
	case atChunkEnd:
		if len(line) > 0 {
			return errChunk
		}
		c.next = atChunkSize
	case atTrailer:
		if len(line) == 0 {
			*c = checker{}
		}
	}
	return nil
}

// requestLine reads the first line of a request. It ignores empty lines before the request (RFC 9112, 2.2).
func (c *checker) requestLine(line []byte) {
	if len(line) > 0 {
		*c = checker{next: atHeader, http11: bytes.HasSuffix(line, []byte(" HTTP/1.1"))}
	}
}

// header reads a header line, or the empty line after the head.
func (c *checker) header(line []byte) error {
	switch {
	case len(line) == 0:
		c.endHead()
		return nil
	case line[0] == ' ' || line[0] == '\t':
		return errFolded
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.Trim(value, " \t")
	coding := bytes.EqualFold(name, []byte("Transfer-Encoding"))
	if !coding && !bytes.EqualFold(name, []byte("Content-Length")) {
		return nil
	}
	if c.framed {
		return errRepeated
	}
	c.framed = true
	if coding {
		c.chunked = true // net/http refuses every other coding
		if !c.http11 {
			return errOldVersion
		}
		return nil
	}
	var err error
	if c.length, err = strconv.ParseUint(string(value), 10, 63); err != nil {
		return errLength
	}
	return nil
}

// endHead decides by the head of a request what comes next.
func (c *checker) endHead() {
	switch {
	case c.chunked:
		c.next = atChunkSize
	case c.length > 0:
		c.next = atBody
	default:
		*c = checker{}
	}
}

// chunkSize reads the line before a chunk. The last chunk has the size 0, and the trailer follows it.
func (c *checker) chunkSize(line []byte) error {
	size, _, _ := bytes.Cut(line, []byte(";"))
	length, err := strconv.ParseUint(string(bytes.TrimRight(size, " \t")), 16, 63)
	if err != nil {
		return errChunk
	}
	c.length, c.next = length, atChunk
	if length == 0 {
		c.next = atTrailer
	}
	return nil
}
