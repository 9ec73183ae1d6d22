// Package bare is what Usher is measured beside: the least that a net/http
// server can do to answer the same bytes, and the least that a password costs.
//
// The package imports passhash for the costs, argon2 and the standard library.
package bare

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

// Answer is an answer of Usher, to be given again to whoever asks for its path.
type Answer struct {
	Pattern string // of http.ServeMux
	Status  int
	Header  http.Header // all that Usher sent, Content-Length included if it was
	Body    []byte
}

// Record makes the answer to a pattern from a response whose body was read. Date and
// the framing are left to net/http, which makes them anew each time.
func Record(pattern string, r *http.Response, body []byte) Answer {
	header := r.Header.Clone()
	header.Del("Date")
	if r.ContentLength >= 0 {
		header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return Answer{Pattern: pattern, Status: r.StatusCode, Header: header, Body: body}
}

// ServeHTTP reads the request to its end and gives the answer.
func (a Answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return // the client has gone
	}
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // fails only when the client has gone
}

// Handler gives the answers, each where its pattern matches, and "hello" to all else.
func Handler(answers ...Answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	for _, a := range answers {
		mux.Handle(a.Pattern, a)
	}
	return mux
}

var password, salt = []byte("Correct-horse-7"), make([]byte, 16)

// Hash computes one hash at the costs that Usher has by default, and nothing
// else: no queue, no random, no text around it.
func Hash() {
	p := passhash.Default
	argon2.IDKey(password, salt, p.Passes, p.Memory, p.Threads, 32)
}

// HashUntil computes hashes on all cores until ctx ends or there are so many, and
// returns how many there are.
func HashUntil(ctx context.Context, most int) int {
	var mu sync.Mutex
	begun := 0
	another := func() bool {
		mu.Lock()
		defer mu.Unlock()
		if begun == most || ctx.Err() != nil {
			return false
		}
		begun++
		return true
	}
	var cores sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		cores.Go(func() {
			for another() {
				Hash()
			}
		})
	}
	cores.Wait()
	return begun
}
