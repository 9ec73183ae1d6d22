package modeltest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// server is the real server: two nodes on one new database, which has only the first administrator. The nodes take
// turns in serving requests.
type server struct {
	nodes    [2]node
	requests int
	accounts *service.Service // the service of the first node, which runs background jobs
	store    *sqlstore.Store
	now      time.Time // only advance changes it
	log      logBuffer
}

// node is one node of the server with its own principal cache, as if it were a separate process.
type node struct {
	accounts *service.Service
	handler  http.Handler
}

// logBuffer collects the server's log output in memory.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *logBuffer) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// take returns the lines that were logged since the last call of take.
func (j *logBuffer) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := j.text.String()
	j.text.Reset()
	return text
}

// plainText is an outbox.Renderer whose messages contain only the token.
type plainText struct{}

func (plainText) Render(kind account.MailKind, m account.MailContent) (account.Message, error) {
	return account.Message{Subject: string(kind), Text: m.Token, HTML: "-"}, nil
}

// acceptingSender reports the delivery of every message as successful.
type acceptingSender struct{}

func (acceptingSender) Deliver(context.Context, account.MailRoute, account.Message) string { return "" }

// version is the server's version, which GET /api/about shows.
const version = "1.2.3"

func newServer(t *rapid.T, engine enginetest.Engine) *server {
	s := &server{store: engine.New(t).Open(), now: start}
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	// The random source has a fixed seed. So the server behaves in the same way when rapid repeats a sequence to shorten
	// it.
	random := rand.NewChaCha8([32]byte{})
	options := service.Options{
		Store:     s.store.Store,
		Passwords: must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 2, random)),
		Keys:      must(keyring.Parse(must(keyring.Generate(random)))),
		Renderer:  plainText{}, Log: log, Now: func() time.Time { return s.now }, Random: random,
		TestSender: acceptingSender{},
	}
	for i := range s.nodes {
		accounts := service.New(options)
		handler := must(httpapi.New(http.NewServeMux(), httpapi.Options{
			Accounts: accounts, Log: log, Metrics: prometheus.NewRegistry(), Version: version,
		}))
		s.nodes[i] = node{accounts: accounts, handler: handler}
	}
	s.accounts = s.nodes[0].accounts
	first := service.FirstRun{AdminEmail: adminEmail, AdminPassword: secret.New(passwords[0])}
	if _, err := s.accounts.SetUp(t.Context(), first); err != nil {
		t.Fatalf("set up: %v", err)
	}
	return s
}

// request is one call of the API.
type request struct {
	method, path string
	body         any    // sent as JSON, unless nil
	token        string // sent in x-api-key, unless empty
	network      string // the client network: an IPv4 address
}

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   any // the decoded JSON; nil: no body
	text   string
}

// do sends a request to the next node. Before the request, the node polls the cache invalidations of the other node.
func (s *server) do(t *rapid.T, r request) answer {
	serving := s.nodes[s.requests%len(s.nodes)]
	s.requests++
	err := serving.accounts.PollInvalidations(t.Context())
	for tries := 1; errors.Is(err, context.DeadlineExceeded) && tries < 20; tries++ {
		err = serving.accounts.PollInvalidations(t.Context()) // on a busy machine, the poll can exceed its timeout
	}
	if err != nil {
		t.Fatalf("poll invalidations: %v", err)
	}
	var body strings.Builder
	if r.body != nil {
		body.WriteString(jsonOf(r.body))
	}
	q := httptest.NewRequestWithContext(t.Context(), r.method, r.path, strings.NewReader(body.String()))
	if r.body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		q.Header.Set("X-Api-Key", r.token)
	}
	q.RemoteAddr = r.network + ":4000"
	w := httptest.NewRecorder()
	serving.handler.ServeHTTP(w, q)
	a := answer{status: w.Code, header: w.Result().Header, text: strings.TrimSpace(w.Body.String())}
	if a.header.Get("Content-Type") == "application/x-ndjson" { // one value per line becomes an array
		a.text = "[" + strings.ReplaceAll(a.text, "\n", ",") + "]"
	}
	if a.text != "" {
		if err := json.Unmarshal([]byte(a.text), &a.body); err != nil {
			t.Fatalf("the answer is not JSON: %q", a.text)
		}
	}
	return a
}

// at returns the value in the body at a path of field names and indices, or nil.
func (a answer) at(path ...any) any {
	value := a.body
	for _, key := range path {
		switch key := key.(type) {
		case string:
			fields, _ := value.(map[string]any)
			value = fields[key]
		case int:
			entries, _ := value.([]any)
			if key >= len(entries) {
				return nil
			}
			value = entries[key]
		}
	}
	return value
}

// id returns the id at a path of field names and indices in the body, or 0.
func (a answer) id(path ...any) int64 {
	number, _ := a.at(path...).(float64)
	return int64(number)
}

// string returns the text at a path of field names and indices in the body, or "".
func (a answer) string(path ...any) string {
	text, _ := a.at(path...).(string)
	return text
}

func jsonOf(v any) string { return string(must(json.Marshal(v))) }

func pathOf(format string, args ...any) string { return "/api/" + fmt.Sprintf(format, args...) }

// must returns value and panics on an error.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
