package httpapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/contract"
)

// request is the server's state of one request.
type request struct {
	id     string
	route  *route             // nil: not a request of the contract
	caller *account.Principal // nil: not authenticated
	from   account.Origin
	answer recorder
}

// route is an operation and the counters of its requests.
type route struct {
	op      *contract.Operation
	observe observer
}

type requestKey struct{}

// requestOf returns the request of a context that [server.enter] created.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// requestID is the form of X-Request-Id that is accepted from a client.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// newRequestID returns a random request id. It need not be hard to guess.
func newRequestID() string {
	var id [16]byte
	hex.Encode(id[:], binary.BigEndian.AppendUint64(nil, rand.Uint64()))
	return string(id[:])
}

// enter is the outermost handler, of requests inside and outside the contract. It sets the request id and the common
// headers, recovers panics, and counts and logs the request.
func (s *server) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		q := &request{
			from:   account.Origin{ClientNetwork: s.proxies.ClientNetwork(r), Device: r.UserAgent()},
			answer: recorder{ResponseWriter: w},
		}
		if q.id = r.Header.Get("X-Request-Id"); q.id == "" || !requestID.MatchString(q.id) {
			q.id = newRequestID()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		h := w.Header()
		h["X-Request-Id"] = []string{q.id}
		h["X-Content-Type-Options"] = noSniff
		h["Cache-Control"] = noStore
		rec := &q.answer
		defer func() { // also when recovered breaks the connection by a panic of its own
			took := time.Since(start)
			s.metrics.observerOf(q.route)(rec.status, took)
			s.logRequest(r, rec.status, took)
		}()
		defer func() {
			if p := recover(); p != nil {
				s.recovered(rec, r, p)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// recovered answers a request whose handler panicked with p. If a part of the answer was sent already, it breaks the
// connection, so that no client takes the part for the whole.
func (s *server) recovered(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	id, stack := requestOf(r.Context()).id, string(debug.Stack())
	s.log.ErrorContext(r.Context(), "panic", "panic", p, "request", id, "stack", stack)
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.writeError(w, r, &account.Error{Code: account.CodeInternal, Message: "Something went wrong in the server."})
}

// logRequest logs writes, refused credentials and server errors; with the access log, every request. It logs the
// operation and never the path or the query, which may contain secrets.
func (s *server) logRequest(r *http.Request, status int, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case status == http.StatusServiceUnavailable && requestOf(r.Context()).route == nil: // /readyz is polled often
	case status >= 500 && r.Context().Err() == nil: // no error if the client has disconnected
		level = slog.LevelError
	case s.accessLog, r.Method != http.MethodGet && r.Method != http.MethodHead, status == http.StatusUnauthorized:
		level = slog.LevelInfo
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	q := requestOf(r.Context())
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.Int("status", status),
		slog.Duration("took", took), slog.String("source", q.from.ClientNetwork), slog.String("request", q.id),
	}
	if q.route != nil {
		attrs = append(attrs, slog.String("operation", q.route.op.ID))
	}
	if q.caller != nil {
		attrs = append(attrs, slog.Int64("user", q.caller.User.ID))
	}
	if id, err := parseID(r.PathValue("id")); err == nil {
		attrs = append(attrs, slog.Int64("target", id))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// checked returns a handler that authenticates and checks a request of the route before it calls the generated handler.
func (s *server) checked(route *route, handler http.HandlerFunc) http.Handler {
	op := route.op
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requestOf(r.Context())
		q.route = route
		if !op.Public {
			token, err := credential(r)
			if err == nil {
				q.caller, err = s.auth.Authenticate(r.Context(), token, q.from)
			}
			if err != nil {
				s.writeError(w, r, err)
				return
			}
		}
		if err := op.CheckQuery(r); err != nil {
			s.writeError(w, r, err)
			return
		}
		if op.HasBody() {
			body, err := op.ReadBody(w, r)
			if err != nil {
				s.writeError(w, r, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		handler(w, r)
	})
}
