package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	limit     = 5 * time.Minute // of one operation, retries included
	maxAnswer = 16 << 20        // of an answer, or of one element of a streamed one; bytes
	maxError  = 1 << 20         // of the body of an error; bytes
)

// receive makes one request within the limits of the package, reads the answer as
// the wire type W and converts it.
func receive[W, T any](ctx context.Context, send func(context.Context) (*http.Response, error), convert func(W) T) (T, error) {
	var none T
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp, err := send(ctx)
	if err != nil {
		return none, err
	}
	defer drain(resp.Body)

	var answer W
	if err := json.NewDecoder(&boundedReader{r: resp.Body, left: maxAnswer}).Decode(&answer); err != nil {
		return none, answerError(err)
	}
	return convert(answer), nil
}

// perform makes one request whose answer says nothing but that it is done.
func perform(ctx context.Context, send func(context.Context) (*http.Response, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp, err := send(ctx)
	if err != nil {
		return err
	}
	drain(resp.Body)
	return nil
}

func answerError(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("usher: the answer cannot be read: %w", err)
}

var errTooLong = errors.New("it is too long")

// boundedReader fails after left bytes, where [io.LimitedReader] would pretend
// that the answer ends.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// readDelim reads one delimiter of a JSON array.
func readDelim(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != want {
		return errors.New("it is not a list")
	}
	return nil
}
