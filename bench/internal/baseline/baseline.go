// Package baseline is the work that bounds Usher, which it is measured against: the least that a net/http server does
// to answer the same bytes, and the least that a password hash costs.
//
// The package imports passhash for the costs, argon2 and the standard library.
package baseline

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/crypto/argon2"

	"github.com/seed-3a99a2fe/usher/internal/passhash"
)

// Answer is a recorded answer of Usher, which the baseline server gives for the same path.
type Answer struct {
	Pattern string // of http.ServeMux
	Status  int
	Header  http.Header // all that Usher sent, Content-Length included if there was one
	Body    []byte
}

// Record makes the answer for a pattern from a response whose body was read. It leaves Date and the framing to
// net/http, which sets them for each response.
func Record(pattern string, r *http.Response, body []byte) Answer {
	header := r.Header.Clone()
	header.Del("Date")
	if r.ContentLength >= 0 {
		header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return Answer{Pattern: pattern, Status: r.StatusCode, Header: header, Body: body}
}

// ServeHTTP reads the whole request and writes the answer.
func (a Answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return // the client closed the connection
	}
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // fails only if the client closed the connection
}

// Handler serves each answer at its pattern, and "hello" at /.
func Handler(answers ...Answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	for _, a := range answers {
		mux.Handle(a.Pattern, a)
	}
	return mux
}

// hashedText has the length of the seeded users' password.
const hashedText = "Correct-horse-7"

// Hash computes one hash with Usher's default parameters. It draws no salt, waits in no queue and encodes nothing.
func Hash() {
	p := passhash.Default
	argon2.IDKey([]byte(hashedText), make([]byte, 16), p.Passes, p.Memory, p.Threads, 32)
}

// HashUntil computes hashes on all cores until ctx ends or it has computed limit, and returns their number.
func HashUntil(ctx context.Context, limit int) int {
	var mu sync.Mutex
	started := 0
	startAnother := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if started == limit || ctx.Err() != nil {
			return false
		}
		started++
		return true
	}
	var cores sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		cores.Go(func() {
			for startAnother() {
				Hash()
			}
		})
	}
	cores.Wait()
	return started
}
