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
)

// request is what is known of a request beside its input.
type request struct {
	id     string
	op     *operation // nil: not one of the contract
	caller *account.Principal
	from   account.Origin
	answer recorder
}

type requestKey struct{}

// requestOf returns the request of a context made by [server.enter].
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// requestID is the form in which a caller may name a request.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// newRequestID makes a name that no other request has. It need not be hard to guess.
func newRequestID() string {
	var id [16]byte
	hex.Encode(id[:], binary.BigEndian.AppendUint64(nil, rand.Uint64()))
	return string(id[:])
}

const (
	// writeTime is how long a client may take to accept one piece of an answer.
	writeTime = 30 * time.Second
	// renewTime is how exactly that is kept.
	renewTime = time.Second
)

// recorder notes the status of an answer for the log and the metrics.
type recorder struct {
	http.ResponseWriter
	status  int
	renewed time.Time // when the client last got writeTime
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.renewDeadline()
	r.ResponseWriter.WriteHeader(status)
}

// Write sends a piece of the answer.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.renewDeadline()
	return r.ResponseWriter.Write(b)
}

// renewDeadline gives the client writeTime from now, for each piece: hashing a
// thousand passwords takes long, and so does sending a hundred thousand users.
func (r *recorder) renewDeadline() {
	if now := time.Now(); now.Sub(r.renewed) >= renewTime {
		r.renewed = now
		_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(now.Add(writeTime))
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// The values of headers that every answer has. Nobody changes them.
var noSniff, noStore = []string{"nosniff"}, []string{"no-store"}

// enter begins a request, of the contract or not: its id, its log line, its
// metrics, and the net below a panic.
func (s *server) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		q := &request{from: account.Origin{ClientNetwork: s.proxies.ClientNetwork(r), Device: r.UserAgent()}, answer: recorder{ResponseWriter: w}}
		if q.id = r.Header.Get("X-Request-Id"); q.id == "" || !requestID.MatchString(q.id) {
			q.id = newRequestID()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		h := w.Header()
		h["X-Request-Id"] = []string{q.id}
		h["X-Content-Type-Options"] = noSniff
		h["Cache-Control"] = noStore
		rec := &q.answer
		defer func() { // also when caught breaks the connection
			took := time.Since(start)
			s.observerOf(q.op)(rec.status, took)
			s.logRequest(r, rec.status, took)
		}()
		defer func() {
			if p := recover(); p != nil {
				s.caught(rec, r, p)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// caught answers a request whose handler panicked, if nothing was sent yet, and
// else breaks the connection, so that no client takes a part for the whole.
func (s *server) caught(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.log.ErrorContext(r.Context(), "panic", "panic", p, "request", requestOf(r.Context()).id, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.writeError(w, r, &account.Error{Code: account.CodeInternal, Message: "Something went wrong in the server."})
}

// logRequest writes one line for what is worth one: writes, refused credentials
// and faults of ours; for every request if the access log is on. A line has the
// operation, never the path or the query of an unknown one, which may hold
// anything.
func (s *server) logRequest(r *http.Request, status int, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case status == http.StatusServiceUnavailable && requestOf(r.Context()).op == nil: // /readyz, which is asked often
	case status >= 500 && r.Context().Err() == nil: // else its caller has gone away
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
	if q.op != nil {
		attrs = append(attrs, slog.String("operation", q.op.id))
	}
	if q.caller != nil {
		attrs = append(attrs, slog.Int64("user", q.caller.User.ID))
	}
	if id, err := parseID(r.PathValue("id")); err == nil {
		attrs = append(attrs, slog.Int64("target", id))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// operation puts before a generated handler what its operation needs.
func (s *server) operation(op *operation, handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requestOf(r.Context())
		q.op = op
		if !op.public {
			token, err := credential(r)
			if err == nil {
				q.caller, err = s.accounts.Authenticate(r.Context(), token, q.from)
			}
			if err != nil {
				s.writeError(w, r, err)
				return
			}
		}
		if err := op.checkQuery(r); err != nil {
			s.writeError(w, r, err)
			return
		}
		if op.body != nil {
			body, err := op.readBody(w, r)
			if err != nil {
				s.writeError(w, r, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		handler(w, r)
	})
}
