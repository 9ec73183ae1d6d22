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

// server is the real one: nodes over one fresh database with its first
// administrator, which take turns.
type server struct {
	nodes    [2]node
	requests int
	accounts *service.Service // of the first node
	store    *sqlstore.Store
	now      time.Time // it moves by hand alone
	log      journal
}

// node is what remembers who was let in.
type node struct {
	accounts *service.Service
	handler  http.Handler
}

// journal is a log in memory.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// take returns what was logged since the last call.
func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := j.text.String()
	j.text.Reset()
	return text
}

// plainText renders the token of a message and nothing else.
type plainText struct{}

func (plainText) Render(kind account.MailKind, m account.MailContent) (account.Message, error) {
	return account.Message{Subject: string(kind), Text: m.Token, HTML: "-"}, nil
}

// courier delivers every message.
type courier struct{}

func (courier) Deliver(context.Context, account.MailRoute, account.Message) string { return "" }

// version is that of the program.
const version = "1.2.3"

func newServer(t *rapid.T, engine enginetest.Engine) *server {
	s := &server{store: engine.New(t).Open(), now: start}
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	// The same random for each sequence, so that one can be played again.
	random := rand.NewChaCha8([32]byte{})
	options := service.Options{
		Store:     s.store,
		Passwords: must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 2, random)),
		Keys:      must(keyring.Parse(must(keyring.Generate(random)))),
		Renderer:  plainText{}, Log: log, Now: func() time.Time { return s.now }, Random: random, TestSender: courier{},
	}
	for i := range s.nodes {
		accounts := service.New(options)
		s.nodes[i] = node{accounts, must(httpapi.New(http.NewServeMux(), httpapi.Options{
			Accounts: accounts, Log: log, Metrics: prometheus.NewRegistry(), Version: version,
		}))}
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
	source       string // address that it comes from
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   any // decoded; nil for none
	text   string
}

// do has the next node answer, as soon as it has heard of what was changed.
func (s *server) do(t *rapid.T, r request) answer {
	on := s.nodes[s.requests%len(s.nodes)]
	s.requests++
	err := on.accounts.PollInvalidations(t.Context())
	for tries := 1; errors.Is(err, context.DeadlineExceeded) && tries < 20; tries++ {
		err = on.accounts.PollInvalidations(t.Context()) // a busy machine takes longer than a server may
	}
	if err != nil {
		t.Fatalf("hear: %v", err)
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
	q.RemoteAddr = r.source + ":4000"
	w := httptest.NewRecorder()
	on.handler.ServeHTTP(w, q)
	a := answer{status: w.Code, header: w.Result().Header, text: strings.TrimSpace(w.Body.String())}
	if a.header.Get("Content-Type") == "application/x-ndjson" { // one value a line, as an array
		a.text = "[" + strings.ReplaceAll(a.text, "\n", ",") + "]"
	}
	if a.text != "" {
		if err := json.Unmarshal([]byte(a.text), &a.body); err != nil {
			t.Fatalf("the answer is no JSON: %q", a.text)
		}
	}
	return a
}

// at returns what is in the body at the place: names of fields and indices of
// entries; nil if nothing is.
func (a answer) at(place ...any) any {
	value := a.body
	for _, step := range place {
		switch step := step.(type) {
		case string:
			fields, _ := value.(map[string]any)
			value = fields[step]
		case int:
			entries, _ := value.([]any)
			if step >= len(entries) {
				return nil
			}
			value = entries[step]
		}
	}
	return value
}

// id returns the id at the place, or 0.
func (a answer) id(place ...any) int64 {
	number, _ := a.at(place...).(float64)
	return int64(number)
}

// string returns the text at the place, or "".
func (a answer) string(place ...any) string {
	text, _ := a.at(place...).(string)
	return text
}

func jsonOf(v any) string { return string(must(json.Marshal(v))) }

func pathOf(format string, args ...any) string { return "/api/" + fmt.Sprintf(format, args...) }

// must returns the value of a call that cannot fail in a test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
