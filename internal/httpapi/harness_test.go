package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

const (
	adminEmail    = "admin@example.org"
	password      = "Correct-Horse-1" // of every user that a test creates
	newPassword   = "Correct-Horse-2" // the second password of a user
	clientAddress = "192.0.2.1"       // the IP address that requests come from
)

// clock is the time that the server reads. Only the method advance changes it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logBuffer collects the log output in memory.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// during returns the log lines that are written while fn runs.
func (b *logBuffer) during(fn func()) string {
	before := len(b.String())
	fn()
	return b.String()[before:]
}

// plainText makes mail messages whose text is only the token.
type plainText struct{}

func (plainText) Render(_ account.MailKind, m account.MailContent) (account.Message, error) {
	return account.Message{Subject: "recovery", Text: m.Token, HTML: "<p>" + m.Token + "</p>"}, nil
}

// testSender records the route of each message instead of sending it. Deliver returns the field cause as the result.
type testSender struct {
	mu     sync.Mutex
	cause  string
	routes []account.MailRoute
}

func (s *testSender) Deliver(_ context.Context, route account.MailRoute, _ account.Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = append(s.routes, route)
	return s.cause
}

// fixture is the API on a new database that contains only the first administrator.
type fixture struct {
	t         testing.TB
	handler   http.Handler
	accounts  *service.Service
	store     *faultyStore
	clock     *clock
	log       logBuffer
	metrics   *prometheus.Registry
	hash      string // the hash of the constant password
	admin     string // token of user 1
	sender    testSender
	database  enginetest.Database
	scenarios int // the number of scenarios so far, for unique e-mail addresses
}

func newFixture(t testing.TB, changes ...func(*httpapi.Options)) *fixture {
	t.Helper()
	database := enginetest.Chosen().New(t)
	store := database.Open()
	f := &fixture{
		t: t, database: database, store: &faultyStore{Store: store.Store}, metrics: prometheus.NewRegistry(),
		clock: &clock{now: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)},
	}
	log := slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	f.accounts = service.New(service.Options{
		Store:     f.store.ports(),
		Passwords: must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 4, rand.Reader)),
		Keys:      must(keyring.Parse(must(keyring.Generate(rand.Reader)))),
		Renderer:  plainText{}, Log: log, Now: f.clock.Now, Monotonic: f.clock.Now, Random: rand.Reader,
		TestSender: &f.sender,
	})
	_, err := f.accounts.SetUp(t.Context(), service.FirstRun{AdminEmail: adminEmail, AdminPassword: secret.New(password)})
	if err != nil {
		t.Fatal(err)
	}
	f.hash = must(store.Credential(t.Context(), 1)).PasswordHash

	options := httpapi.Options{Accounts: f.accounts, Log: log, Metrics: f.metrics, Version: "1.2.3"}
	for _, change := range changes {
		change(&options)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(http.ResponseWriter, *http.Request) { panic(errDriver) })
	mux.Handle("GET /openapi.yaml", httpapi.Description())
	f.handler = must(httpapi.New(mux, options))
	f.admin = f.signIn(adminEmail, password)
	return f
}

// role stores a role with the permissions and returns its id.
func (f *fixture) role(permissions ...access.Permission) (id int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *account.Tx) (err error) {
		id, err = tx.InsertRole(ctx, access.Role{Name: rand.Text(), Description: "of a test", Permissions: permissions})
		return err
	})
	return id
}

// user stores an active local user whose password is the constant password. Without roles, the user gets the default
// ones.
func (f *fixture) user(email string, roles ...int64) (id int64) {
	f.t.Helper()
	if len(roles) == 0 {
		roles = access.DefaultRoles
	}
	name, _, _ := strings.Cut(email, "@")
	return f.insert(account.User{
		Email: email, Profile: account.Profile{Name: name}, Provider: account.ProviderLocal, Active: true,
		RoleIDs: roles,
	})
}

// insert stores u, with the constant password as the password.
func (f *fixture) insert(u account.User) (id int64) {
	f.t.Helper()
	key, ok := account.ParseEmail(u.Email)
	if !ok {
		f.t.Fatalf("%q is not an e-mail address", u.Email)
	}
	u.Identifier, u.EULAVersion = u.Email, account.NoEULA
	f.write(func(ctx context.Context, tx *account.Tx) (err error) {
		id, err = tx.InsertUser(ctx, u, key, f.hash, f.clock.Now())
		return err
	})
	return id
}

// write runs fn in a transaction of the store. It bypasses the permission checks of package service.
func (f *fixture) write(fn func(ctx context.Context, tx *account.Tx) error) {
	f.t.Helper()
	if err := f.store.Store.Write(f.t.Context(), fn); err != nil {
		f.t.Fatal(err)
	}
}

// signIn returns the token of a new session.
func (f *fixture) signIn(email, password string) string {
	f.t.Helper()
	body := jsonOf(map[string]string{"email": email, "password": password})
	a := f.do(call{method: "POST", path: "/api/login", body: body})
	if a.status != http.StatusOK {
		f.t.Fatalf("sign in as %s: %s", email, a.body)
	}
	var in struct{ AuthToken string }
	a.decode(f.t, &in)
	return in.AuthToken
}

// as stores a user with the roles, signs the user in and returns the token of the session.
func (f *fixture) as(email string, roles ...int64) string {
	f.t.Helper()
	f.user(email, roles...)
	return f.signIn(email, password)
}

// recoveryToken requests a recovery message and returns its token.
func (f *fixture) recoveryToken(email string) string {
	f.t.Helper()
	body := jsonOf(map[string]string{"email": email})
	a := f.do(call{method: "POST", path: "/api/users/forgotten-password", body: body})
	for {
		d, err := f.accounts.ClaimMail(f.t.Context())
		if a.status != http.StatusOK || err != nil || d == nil {
			f.t.Fatalf("no recovery message: %d, %v, %v", a.status, d, err)
		}
		if d.Message.Text != "" { // otherwise it is a notice of a changed password
			return d.Message.Text
		}
	}
}

// state returns the JSON of all data that a refused request must not change, so that tests can compare it.
func (f *fixture) state() string {
	f.t.Helper()
	ctx := f.t.Context()
	users := must(f.store.Store.UsersAfter(ctx, 0, 10_000, f.clock.Now()))
	mails := must(f.store.Store.Mails(ctx, 10_000))
	return jsonOf(users) + jsonOf(mails)
}

// call is one request. The defaults are method GET, no body, no token, and clientAddress as the peer.
type call struct {
	method, path string
	body         string      // sent as application/json
	token        string      // sent in x-api-key
	header       http.Header // overrides headers that the other fields set
	from         string      // address of the peer
}

func (c call) request() *http.Request {
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	r := httptest.NewRequest(c.method, c.path, body)
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("X-Api-Key", c.token)
	}
	for name, values := range c.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.RemoteAddr = clientAddress + ":4000"
	if c.from != "" {
		r.RemoteAddr = c.from + ":4000"
	}
	return r
}

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) do(c call) answer { return f.serve(c.request()) }

func (f *fixture) serve(r *http.Request) answer {
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return answer{w.Code, w.Result().Header, w.Body.String()}
}

func (a answer) decode(t testing.TB, to any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), to); err != nil {
		t.Fatalf("the body %q: %v", a.body, err)
	}
}

// errorBody is the body of an answer with a status of 400 or more.
type errorBody struct {
	StatusCode int
	Error      string
	Message    string
	Details    []struct{ Path, Message string }
}

func (a answer) errorBody(t testing.TB) errorBody {
	t.Helper()
	var e errorBody
	a.decode(t, &e)
	return e
}

// names reports whether one of the error's details has the path.
func (e errorBody) names(path string) bool {
	for _, d := range e.Details {
		if d.Path == path {
			return true
		}
	}
	return false
}

// want fails the test unless the answer has the status and the error code.
func (a answer) want(t testing.TB, status int, code account.Code) {
	t.Helper()
	if a.status != status {
		t.Errorf("the status is %d, want %d: %s", a.status, status, a.body)
		return
	}
	if e := a.errorBody(t); e.Error != string(code) || e.StatusCode != status {
		t.Errorf("the error is %d %q, want %d %q", e.StatusCode, e.Error, status, code)
	}
}

func jsonOf(v any) string { return string(must(json.Marshal(v))) }

func userPath(id int64) string { return "/api/users/" + strconv.FormatInt(id, 10) }

// must returns value and panics on an error.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
