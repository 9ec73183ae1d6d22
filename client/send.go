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
	maxWait    = 30 * time.Second       // of all waits of one request
	firstWait  = 200 * time.Millisecond // where the server names no time; doubled each time
)

// sender sends one request, again where that is safe, and returns only answers
// that are a success. It is the HTTP client under the generated one.
type sender struct {
	http      *http.Client
	retries   int
	userAgent string
	token     secret.Text
	sleep     func(context.Context, time.Duration) error
}

// Do sends req with the credential. Its error is an [*Error] where the server answered.
func (s sender) Do(req *http.Request) (*http.Response, error) {
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
	for try := 0; ; try++ {
		resp, err := s.once(req)
		if err == nil {
			return resp, nil
		}
		wait, again := s.retry(req, err, try)
		if !again || waited+wait > maxWait {
			return nil, err
		}
		waited += wait
		if s.sleep(req.Context(), wait) != nil {
			return nil, err
		}
	}
}

func unfitForHeader(r rune) bool { return r <= ' ' || r > '~' }

// once makes one try. An answer that is no success becomes an error.
func (s sender) once(original *http.Request) (*http.Response, error) {
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

// retry decides whether a try that failed with err may be made again, and how
// long to wait before it.
func (s sender) retry(req *http.Request, err error, try int) (wait time.Duration, again bool) {
	if try >= s.retries || req.Context().Err() != nil {
		return 0, false
	}
	wait = firstWait<<try + rand.N(firstWait)
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

// drain reads the little that may be left of an answer, so that the connection
// can be used again, and closes it.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4096)
	_ = body.Close()
}
