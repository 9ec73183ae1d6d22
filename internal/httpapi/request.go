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

// request is the state that the server keeps while it handles one request.
type request struct {
	id     string
	route  *route             // nil: the path is not in the contract
	caller *account.Principal // nil: not authenticated
	from   account.Origin
	answer recorder
}

// route is an operation of the contract and the observer that counts its requests.
type route struct {
	op      *contract.Operation
	observe observer
	// mayExceed reports whether the caller may send a body of more than smallBody bytes. It is nil unless the operation
	// accepts one.
	mayExceed func(caller *account.Principal, r *http.Request) error
}

// refusedFor is sent as Retry-After with a request that Options.Refused refuses.
const refusedFor = 5 * time.Second

type requestKey struct{}

// requestOf returns the request that [server.enter] has put into the context.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// requestID matches a valid X-Request-Id. The server replaces any other id that a client sends.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// newRequestID returns a random request id. The id protects nothing, so a weak random source is enough.
func newRequestID() string {
	var id [16]byte
	hex.Encode(id[:], binary.BigEndian.AppendUint64(nil, rand.Uint64()))
	return string(id[:])
}

// enter returns the outermost handler, which every request passes, whether its path is in the contract or not. The
// handler sets the request id and the common headers, recovers panics, and counts and logs the request. The headers are
// those of an answer to a program; pages replace some of them.
func (s *server) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		network, ignored := s.proxies.client(r)
		q := &request{from: account.Origin{ClientNetwork: network, Device: r.UserAgent()}}
		if ignored {
			s.ignored(network)
		}
		body := s.bodies.Wrap(w, r, network)
		defer body.Release()
		q.answer = recorder{ResponseWriter: w, body: body}
		if q.id = r.Header.Get("X-Request-Id"); q.id == "" || !requestID.MatchString(q.id) {
			q.id = newRequestID()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		if body != nil {
			r.Body = body
		}
		h := w.Header()
		h["X-Request-Id"] = []string{q.id}
		h["X-Content-Type-Options"] = noSniff
		h["Cache-Control"] = noStore
		h["Content-Security-Policy"] = noContent
		h["Referrer-Policy"] = noReferrer
		if s.https() {
			h["Strict-Transport-Security"] = onlyHTTPS
		}
		rec := &q.answer
		defer func() { // deferred, because recovered may panic itself to break the connection
			took := time.Since(start)
			s.metrics.observerOf(q.route)(rec.status, took)
			s.logRequest(r, rec.status, took)
		}()
		defer func() {
			if p := recover(); p != nil {
				s.recovered(rec, r, p)
			}
		}()
		if s.refused(r) {
			s.writeError(rec, r, &account.Error{
				Code: account.CodeUnavailable, RetryAfter: refusedFor,
				Message: "The server has too many connections, or too many from your network. Try again in a few seconds.",
			})
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// recovered sends an error for a request whose handler panicked with p. If a part of the answer was sent already,
// recovered breaks the connection instead, so that the client notices that the answer is incomplete.
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

// logRequest logs writes, refused credentials and server errors. If the access log is on, it logs every request. It
// logs the name of the operation and never the path or the query, which may contain secrets.
func (s *server) logRequest(r *http.Request, status int, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case status == http.StatusServiceUnavailable && requestOf(r.Context()).route == nil: // /readyz is polled often
	case status >= 500 && r.Context().Err() == nil: // no error if the client has disconnected
		level = slog.LevelError
	case s.accessLog, !isRead(r), status == http.StatusUnauthorized:
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

// checked returns a handler that authenticates the caller and checks the query and the body before it calls handler,
// which is generated code.
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
			body, err := route.readBody(w, r, q.caller)
			if err != nil {
				s.writeError(w, r, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		handler(w, r)
	})
}
