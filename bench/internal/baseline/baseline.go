// Package baseline does the least work that Usher could do for the same result, for comparison in benchmarks. It has a
// net/http handler that sends the same bytes, and the password hash alone.
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

// Answer is a recorded response of Usher. The baseline server sends it for the same path.
type Answer struct {
	Pattern string // path pattern for http.ServeMux
	Status  int
	Header  http.Header // all header fields that Usher sent, Content-Length included if there was one
	Body    []byte
}

// Record creates an Answer for a pattern from a response and its body. It drops Date and the headers of the message
// framing, because net/http sets them for each response.
func Record(pattern string, r *http.Response, body []byte) Answer {
	header := r.Header.Clone()
	header.Del("Date")
	if r.ContentLength >= 0 {
		header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return Answer{Pattern: pattern, Status: r.StatusCode, Header: header, Body: body}
}

// ServeHTTP reads the whole request body and sends the recorded response.
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

// Handler serves each recorded response at its pattern, and "hello" at /.
func Handler(answers ...Answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	for _, a := range answers {
		mux.Handle(a.Pattern, a)
	}
	return mux
}

// hashedText is as long as the password of the seeded users.
const hashedText = "Correct-horse-7"

// Hash computes one hash with Usher's default parameters. Unlike Usher, it draws no salt, waits in no queue and doesn't
// encode the hash.
func Hash() {
	p := passhash.Default
	argon2.IDKey([]byte(hashedText), make([]byte, 16), p.Passes, p.Memory, p.Threads, 32)
}

// HashUntil computes hashes on all cores until ctx ends, but not more than limit. It returns the number of hashes.
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
