package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	maxRetries = 2
	maxWait    = 30 * time.Second       // maximum total wait of one request
	firstWait  = 200 * time.Millisecond // wait before the first retry without Retry-After; doubles with each attempt
)

// sender sends requests and retries them where that is safe. An answer with a status
// outside 200 to 299 becomes an error.
type sender struct {
	http      *http.Client
	retries   int
	userAgent string
	token     secret.Text
	sleep     func(context.Context, time.Duration) error
}

// send sends req with the token and retries it where that is safe. An answer with a
// status outside 200 to 299 becomes an [*Error].
func (s sender) send(req *http.Request) (*http.Response, error) {
	token := s.token.Reveal()
	if strings.ContainsFunc(token, unfitForHeader) {
		return nil, errors.New("usher: the token has characters that no token has")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.userAgent)
	if token != "" {
		req.Header.Set("x-api-key", token)
	}

	var waited time.Duration
	for attempt := 0; ; attempt++ {
		resp, err := s.sendOnce(req)
		if err == nil {
			return resp, nil
		}
		wait, retry := s.retryAfter(req, err, attempt)
		if !retry || waited+wait > maxWait {
			return nil, err
		}
		waited += wait
		if s.sleep(req.Context(), wait) != nil {
			return nil, err
		}
	}
}

// unfitForHeader reports whether r must not be part of a token in a header field.
func unfitForHeader(r rune) bool { return r <= ' ' || r > '~' }

// sendOnce sends the request once. An answer with a status outside 200 to 299 becomes
// an error.
func (s sender) sendOnce(original *http.Request) (*http.Response, error) {
	req := original.Clone(original.Context())
	if original.GetBody != nil {
		body, err := original.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, readError(resp)
}

// retryAfter decides whether to retry a request after an attempt that failed with err,
// and how long to wait before the retry.
func (s sender) retryAfter(req *http.Request, err error, attempt int) (wait time.Duration, retry bool) {
	if attempt >= s.retries || req.Context().Err() != nil {
		return 0, false
	}
	wait = firstWait<<attempt + rand.N(firstWait)
	reads := req.Method == http.MethodGet
	answer, answered := errors.AsType[*Error](err)
	if !answered {
		return wait, reads
	}
	if answer.RetryAfter > 0 {
		wait = answer.RetryAfter
	}
	switch answer.StatusCode {
	case http.StatusTooManyRequests:
		return wait, reads || answer.Code == CodeTooManyRequests
	case http.StatusServiceUnavailable:
		return wait, reads || answer.Code == CodeUnavailable
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain reads the rest of a short body, so that the connection can be reused, and
// closes the body.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4096)
	_ = body.Close()
}
