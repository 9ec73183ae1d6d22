package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	operationTimeout = 5 * time.Minute // time limit of one operation, retries included
	maxAnswer        = 16 << 20        // maximum bytes of an answer, or of one element of a streamed answer
	maxError         = 1 << 20         // maximum bytes of the body of an error
)

// request is one call of an operation of the contract.
type request struct {
	method string
	path   string // relative to the base URL, such as "api/users"
	query  query
	body   any // sent as JSON; nil for none
}

// do sends r and retries where that is safe. It returns a successful answer, whose body
// the caller must close, or an error.
func (c *Client) do(ctx context.Context, r request) (*http.Response, error) {
	target := c.base + r.path
	if len(r.query.text) > 0 {
		target += "?" + string(r.query.text)
	}
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.sender.send(req)
}

// receive makes one request and decodes the answer, within the limits operationTimeout
// and maxAnswer.
func receive[T any](ctx context.Context, c *Client, r request) (T, error) {
	answer, _, err := receivePage[T](ctx, c, r)
	return answer, err
}

// receivePage makes one request for a page of a list and decodes the page. It also
// returns the cursor of the next page, or "" if this page is the last.
func receivePage[T any](ctx context.Context, c *Client, r request) (page T, next string, err error) {
	var none T
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	resp, err := c.do(ctx, r)
	if err != nil {
		return none, "", err
	}
	defer drain(resp.Body)
	if err := json.NewDecoder(&boundedReader{r: resp.Body, remaining: maxAnswer}).Decode(&page); err != nil {
		return none, "", answerError(err)
	}
	return page, resp.Header.Get("X-Next-Cursor"), nil
}

// perform makes one request and ignores the body of the answer.
func (c *Client) perform(ctx context.Context, r request) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	drain(resp.Body)
	return nil
}

// query is the encoded query of a request. The parameters are in the order in which its
// methods have added them. All methods except integer omit a parameter with a zero
// value.
type query struct{ text []byte }

func (q *query) string(name, value string) {
	if value == "" {
		return
	}
	if len(q.text) > 0 {
		q.text = append(q.text, '&')
	}
	q.text = append(q.text, name+"="+url.QueryEscape(value)...)
}

func (q *query) integer(name string, value int64) { q.string(name, decimal(value)) }

func (q *query) id(name string, id int64) {
	if id != 0 {
		q.integer(name, id)
	}
}

func (q *query) bool(name string, value *bool) {
	if value != nil {
		q.string(name, strconv.FormatBool(*value))
	}
}

func (q *query) flag(name string, set bool) {
	if set {
		q.string(name, "true")
	}
}

func (q *query) time(name string, t time.Time) {
	if !t.IsZero() {
		q.string(name, t.Format(time.RFC3339Nano))
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func answerError(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("usher: the answer cannot be read: %w", err)
}

var errTooLong = errors.New("it is too long")

// boundedReader fails with errTooLong after it has read the number of bytes in
// remaining. [io.LimitedReader] would return io.EOF instead, as if the answer ended
// there.
type boundedReader struct {
	r         io.Reader
	remaining int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.remaining <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.remaining)])
	b.remaining -= int64(n)
	return n, err
}
