package framing

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzChecker compares the checker with net/http. Where net/http has read a whole request, the checker must have
// refused it, or be at the beginning of the next request. The size of the pieces must not matter.
func FuzzChecker(f *testing.F) {
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\nX: y\r\n\r\nGET /",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\nGET / HTTP/1.1\r\n\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
		"POST / HTTP/1.1\r\nContent-Length : 5\r\nX:\r\n y\r\nContent-Length: 05\r\n\r\nhello",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rest := bytes.NewReader(data)
		for in := bufio.NewReader(rest); ; {
			r, err := http.ReadRequest(in)
			if err != nil {
				break
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				break
			}
			consumed := len(data) - rest.Len() - in.Buffered()
			var c checker
			if _, err := c.check(data[:consumed]); err != nil {
				break
			}
			if c.next != atRequestLine || len(c.line) > 0 {
				t.Fatalf("net/http has read %d bytes of %q; the checker is at %d", consumed, data, c.next)
			}
		}
		var whole, bytewise checker
		at, err := whole.check(data)
		passed, pieceErr := 0, error(nil)
		for i := 0; i < len(data) && pieceErr == nil; i++ {
			var n int
			n, pieceErr = bytewise.check(data[i : i+1])
			passed += n
		}
		if !errors.Is(pieceErr, err) {
			t.Fatalf("%q: %v, and by bytes %v", data, err, pieceErr)
		}
		if err != nil && !errors.Is(err, errLongLine) && (at != passed || data[at] != '\n') {
			t.Fatalf("%q is refused at %d, and by bytes at %d", data, at, passed)
		}
	})
}

// TestLinesAreBounded checks that a line without an end doesn't fill memory.
func TestLinesAreBounded(t *testing.T) {
	var c checker
	piece := []byte(strings.Repeat("x", 1000))
	for i := range 2 * maxLine / len(piece) {
		if _, err := c.check(piece); err != nil {
			if !errors.Is(err, errLongLine) || i*len(piece) > maxLine {
				t.Errorf("after %d bytes: %v", i*len(piece), err)
			}
			return
		}
	}
	t.Error("the line is not refused")
}
