// Package bare is what Usher is measured beside: the least that a net/http
// server can do to answer the same bytes, and the least that a password costs.
//
// The package imports passhash for the costs, argon2 and the standard library.
package bare

import (
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
	Path   string
	Status int
	Header http.Header // all that Usher sent, Content-Length included if it was
	Body   []byte
	Hashes int // passwords to hash before each answer
}

// Record makes the answer to path from a response whose body was read. Date and
// the framing are left to net/http, which makes them anew each time.
func Record(path string, r *http.Response, body []byte) Answer {
	header := r.Header.Clone()
	header.Del("Date")
	if r.ContentLength >= 0 {
		header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return Answer{Path: path, Status: r.StatusCode, Header: header, Body: body}
}

// ServeHTTP reads the request to its end and gives the answer.
func (a Answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return // the client has gone
	}
	HashAll(a.Hashes)
	header := w.Header()
	for name, values := range a.Header {
		header[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // fails only when the client has gone
}

// Handler gives the answers, each at its path.
func Handler(answers ...Answer) http.Handler {
	mux := http.NewServeMux()
	for _, a := range answers {
		mux.Handle(a.Path, a)
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

// slots has a place for each core, so that requests at once do not compute more
// hashes at once than there are cores to do it.
var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// HashAll computes n hashes on all cores.
func HashAll(n int) {
	var hashes sync.WaitGroup
	for range n {
		slots <- struct{}{}
		hashes.Go(func() {
			defer func() { <-slots }()
			Hash()
		})
	}
	hashes.Wait()
}
