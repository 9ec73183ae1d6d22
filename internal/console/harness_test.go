package console_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

const adminEmail = "admin@example.org"

// clock is the injected time. It moves by hand alone.
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

// site is the pages of a new server, with its first administrator.
type site struct {
	*service.Service
	store   account.Store
	t       *testing.T
	clock   *clock
	handler http.Handler
	log     *bytes.Buffer
}

// newSite makes a site, of options that may be changed.
func newSite(t *testing.T, change ...func(*service.Options)) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{now: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}, log: new(bytes.Buffer)}
	s.store = enginetest.Chosen().New(t).Open()
	o := service.Options{
		Store:     s.store,
		Passwords: must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 8, rand.Reader)),
		Keys:      must(keyring.Parse(must(keyring.Generate(rand.Reader)))), Renderer: mail.NewTemplates(),
		Log: slog.New(slog.DiscardHandler), Now: s.clock.Now, Monotonic: s.clock.Now, Random: rand.Reader,
	}
	for _, f := range change {
		f(&o)
	}
	s.Service = service.New(o)
	if _, err := s.SetUp(t.Context(), service.FirstRun{AdminEmail: adminEmail, AdminPassword: secret.New(password)}); err != nil {
		t.Fatal(err)
	}
	s.handler = console.New(console.Options{
		Accounts: s.Service, Recovery: s.Service,
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(ctx context.Context) (*url.URL, error) { return s.PublicURL(ctx) },
		Logger:        slog.New(slog.NewTextHandler(s.log, nil)),
	})
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// user makes an active user with the password of all, and roles beside the default ones.
func (s *site) user(email string, roles ...int64) account.User {
	s.t.Helper()
	admin := s.principal(adminEmail)
	made, err := s.CreateUsers(s.t.Context(), admin, []account.NewUser{{Email: email, Name: "Ada", Password: secret.New(password), Active: true}})
	if err != nil {
		s.t.Fatal(err)
	}
	if roles != nil {
		if _, err := s.SetUserRoles(s.t.Context(), admin, made[0].ID, roles); err != nil {
			s.t.Fatal(err)
		}
	}
	return made[0]
}

// principal is a user as the rules know him, by a session of the API.
func (s *site) principal(email string) *account.Principal {
	s.t.Helper()
	from := account.Origin{ClientNetwork: "192.0.2.8"}
	in, err := s.SignIn(s.t.Context(), email, secret.New(password), from)
	if err != nil {
		s.t.Fatal(err)
	}
	return must(s.Authenticate(s.t.Context(), in.Token, from))
}

// visitor is a browser in which nobody is signed in.
func (s *site) visitor() *browser {
	return &browser{t: s.t, handler: s.handler, log: s.log, cookies: map[string]string{}}
}

// as is a browser in which a user has signed in.
func (s *site) as(email string) *browser {
	s.t.Helper()
	b := s.visitor()
	b.get("/sign-in")
	if in := b.post("/sign-in", url.Values{"email": {email}, "password": {password}}); in.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("sign in %s: %d\n%s", email, in.StatusCode, in.body)
	}
	b.get("/profile/sessions") // for the token of its forms
	return b
}

// post sends a form, with the token that the last page had.
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if !form.Has("formToken") {
		form.Set("formToken", b.formToken)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// attach is post for a form with a file in a field; without a field there is none.
func (b *browser) attach(path string, form url.Values, field, name string, file []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, values := range form {
		must(0, w.WriteField(field, values[0]))
	}
	must(0, w.WriteField("formToken", b.formToken))
	if field != "" {
		must(must(w.CreateFormFile(field, name)).Write(file))
	}
	must(0, w.Close())
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// follow is post for a form that is taken: it returns the page that the browser is
// sent to.
func (b *browser) follow(path string, form url.Values) answer {
	b.t.Helper()
	moved := b.post(path, form)
	if moved.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("POST %s: %d\n%s", path, moved.StatusCode, moved.body)
	}
	return b.get(moved.Header.Get("Location"))
}

// want fails the test unless the answer has the status, and says each of the texts.
func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d\n%s", a.StatusCode, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q:\n%s", text, a.body)
		}
	}
}
