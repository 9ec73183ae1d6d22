package bodylimit

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// drainTime is how long net/http may read the rest of a body that the handler did not read. It reads up to 256 KiB, to
// keep the connection usable.
const drainTime = 5 * time.Second

// Body is the body of one request. Read fails with an [account.Error]: with CodeTooSlow if the body arrives too
// slowly, or with CodeUnavailable if there is no memory for it. Only one goroutine may use a Body.
type Body struct {
	io.ReadCloser
	limiter *Limiter
	network string
	control *http.ResponseController

	begun   time.Time // time of the first Read; zero: none yet
	read    int64
	counted int64 // bytes that the limiter counts for this body
	ended   bool  // the body was read to its end
	late    bool  // the body arrived too slowly
	err     error // why the body was refused; nil: it was not
}

// Wrap returns the body of r, which came from the client network. It returns nil if r has no body. The caller puts
// the Body into the request and calls [Body.Release] when the request is done.
func (l *Limiter) Wrap(w http.ResponseWriter, r *http.Request, network string) *Body {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	return &Body{ReadCloser: r.Body, limiter: l, network: network, control: http.NewResponseController(w)}
}

// Read reads a part of the body. The time of a body begins with the first Read, so that it does not include what the
// server does before that.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.begun.IsZero() {
		b.begun = b.limiter.now()
	}
	_ = b.control.SetReadDeadline(b.deadline()) // fails only for the ResponseWriters of tests
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	b.ended = err == io.EOF
	if errors.Is(err, os.ErrDeadlineExceeded) {
		b.late, b.err = true, tooSlow()
		return 0, b.err
	}
	if more := b.read - FreeBytes - b.counted; more > 0 {
		if !b.limiter.take(b.network, more) {
			b.err = noRoom()
			return 0, b.err
		}
		b.counted += more
	}
	return n, err
}

// deadline returns when the next byte must have arrived: after grace and the time that the bytes so far take at
// bytesPerSecond, but not after maxDuration.
func (b *Body) deadline() time.Time {
	earned := time.Duration(b.read) * time.Second / bytesPerSecond
	return b.begun.Add(min(grace+earned, maxDuration))
}

// BeforeAnswer must be called before the header of an answer is sent. If a part of the body was not read, it limits the
// time that net/http spends on that part to drainTime. If the body itself was refused, it also tells the client that the
// connection is closed (RFC 9110, section 15.5.14).
func (b *Body) BeforeAnswer(header http.Header, status int) {
	if b == nil || b.ended {
		return
	}
	if !b.late {
		_ = b.control.SetReadDeadline(b.limiter.now().Add(drainTime))
	}
	switch status {
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable:
		header.Set("Connection", "close")
	}
}

// Release frees the counted memory.
func (b *Body) Release() {
	if b == nil || b.counted == 0 {
		return
	}
	b.limiter.give(b.network, b.counted)
	b.counted = 0
}
