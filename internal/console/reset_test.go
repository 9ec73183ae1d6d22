package console_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

const (
	goodToken = "usr_1qY7xGoodToken"
	password  = "Correct-Horse-7"
)

// What the program passes in.
var _ console.Recovery = (*service.Service)(nil)

// recovery is a Recovery that answers err and remembers what it was asked.
type recovery struct {
	err   error
	calls []call
}

type call struct{ token, password, source string }

func (f *recovery) RetrievePassword(_ context.Context, token, newPassword secret.Text, from account.Origin) error {
	f.calls = append(f.calls, call{token.Reveal(), newPassword.Reveal(), from.ClientNetwork})
	return f.err
}

// browser keeps cookies between requests, as a person's browser would.
type browser struct {
	t        *testing.T
	handler  http.Handler
	recovery *recovery
	log      *bytes.Buffer
	cookies  map[string]string
	agent    http.Header // what it sends with every request beside

	formToken string // of the last page that had one
}

// open is a browser at a server with the failure err, which is reached over HTTPS
// or at an address that it does not know.
func open(t *testing.T, secure bool, err error) *browser {
	if secure {
		return openAt(t, &url.URL{Scheme: "https", Host: "accounts.example.org"}, err)
	}
	return openAt(t, nil, err)
}

func openAt(t *testing.T, public *url.URL, err error) *browser {
	b := &browser{t: t, recovery: &recovery{err: err}, log: new(bytes.Buffer), cookies: map[string]string{}}
	pages := console.New(console.Options{
		Recovery:      b.recovery,
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(context.Context) (*url.URL, error) { return public, nil },
		Logger:        slog.New(slog.NewTextHandler(b.log, nil)),
	})
	b.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req-42")
		pages.ServeHTTP(w, r)
	})
	return b
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	maps.Copy(r.Header, b.agent)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	response := w.Result()
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie.Value
		}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.Contains(string(body), goodToken) {
		b.t.Errorf("the token is in the page:\n%s", body)
	}
	for name, values := range response.Header {
		if name != "Set-Cookie" && strings.Contains(strings.Join(values, " "), goodToken) {
			b.t.Errorf("the token is in the header %s: %q", name, values)
		}
	}
	if found := formTokenField.FindStringSubmatch(string(body)); found != nil {
		b.formToken = found[1]
	}
	return answer{response, string(body)}
}

func (b *browser) get(target string) answer {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, target, nil))
}

// followLink opens the link of a message and returns the page with the form.
func (b *browser) followLink() answer {
	b.t.Helper()
	moved := b.get("/reset-password?token=" + goodToken)
	if moved.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("the link answers %d", moved.StatusCode)
	}
	return b.get(moved.Header.Get("Location"))
}

var formTokenField = regexp.MustCompile(`name="formToken" value="([^"]+)"`)

// fill returns what the form of page sends with these passwords in it.
func fill(page answer, newPassword, repeat string) url.Values {
	form := url.Values{"newPassword": {newPassword}, "repeat": {repeat}}
	if found := formTokenField.FindStringSubmatch(page.body); found != nil {
		form.Set("formToken", found[1])
	}
	return form
}

// send posts form; header holds name and value pairs to add.
func (b *browser) send(form url.Values, header ...string) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/reset-password", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func TestLinkMovesTheTokenIntoACookie(t *testing.T) {
	tests := []struct {
		secure bool
		cookie string
	}{
		{true, "__Host-usher-reset=" + goodToken + "; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"},
		{false, "usher-dev-reset=" + goodToken + "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"},
	}
	for _, test := range tests {
		t.Run(test.cookie, func(t *testing.T) {
			b := open(t, test.secure, nil)
			moved := b.get("/reset-password?token=" + goodToken + "&utm_source=mail")
			if moved.StatusCode != http.StatusSeeOther || moved.Header.Get("Location") != "/reset-password" {
				t.Errorf("status %d to %q", moved.StatusCode, moved.Header.Get("Location"))
			}
			if got := moved.Header.Get("Set-Cookie"); got != test.cookie {
				t.Errorf("cookie %q, want %q", got, test.cookie)
			}
			if got := moved.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q would let the token out", got)
			}
		})
	}
}

func TestPasswordIsChanged(t *testing.T) {
	for _, secure := range []bool{true, false} {
		b := open(t, secure, nil)
		done := b.send(fill(b.followLink(), password, password))
		if done.StatusCode != http.StatusOK || !strings.Contains(done.body, "Your password was changed") {
			t.Fatalf("status %d:\n%s", done.StatusCode, done.body)
		}
		if want := (call{goodToken, password, "192.0.2.7"}); len(b.recovery.calls) != 1 || b.recovery.calls[0] != want {
			t.Errorf("account was asked %+v", b.recovery.calls)
		}
		if b.holdsToken() {
			t.Errorf("the cookie stays: %v", b.cookies)
		}
	}
}

// holdsToken reports whether the browser keeps a recovery token.
func (b *browser) holdsToken() bool {
	for name := range b.cookies {
		if strings.HasSuffix(name, "-reset") {
			return true
		}
	}
	return false
}

// Behind a proxy that gives the server another name, the Origin is that of the
// public URL, as browsers write it.
func TestOriginOfThePublicURLIsAccepted(t *testing.T) {
	tests := []struct {
		public, origin string
		status         int
	}{
		{"https://accounts.example.org", "https://accounts.example.org", 200},
		{"https://accounts.example.org/", "https://accounts.example.org", 200},
		{"https://Accounts.Example.org:443", "https://accounts.example.org", 200},
		{"http://accounts.example.org:80", "http://accounts.example.org", 200},
		{"https://accounts.example.org:8443", "https://accounts.example.org:8443", 200},
		{"http://[::1]:80", "http://[::1]", 200},
		{"https://accounts.example.org:8443", "https://accounts.example.org", 403},
		{"https://accounts.example.org", "http://accounts.example.org", 403},
		{"https://accounts.example.org", "https://evil.example.org", 403},
	}
	for _, test := range tests {
		t.Run(test.public+" from "+test.origin, func(t *testing.T) {
			public, err := url.Parse(test.public)
			if err != nil {
				t.Fatal(err)
			}
			b := openAt(t, public, nil)
			done := b.send(fill(b.followLink(), password, password), "Sec-Fetch-Site", "", "Origin", test.origin)
			if done.StatusCode != test.status {
				t.Errorf("status %d, want %d", done.StatusCode, test.status)
			}
		})
	}
}

// Mail scanners follow links, and people open them twice.
func TestLookingDoesNotUseUpTheToken(t *testing.T) {
	b := open(t, true, nil)
	b.do(httptest.NewRequest(http.MethodHead, "/reset-password?token="+goodToken, nil))
	b.followLink()
	page := b.followLink()
	if len(b.recovery.calls) != 0 {
		t.Fatalf("a GET asked account: %+v", b.recovery.calls)
	}
	if done := b.send(fill(page, password, password)); done.StatusCode != http.StatusOK {
		t.Errorf("status %d", done.StatusCode)
	}
}

func TestFailuresOfAccount(t *testing.T) {
	weak := account.Invalid(
		account.Detail{Path: "/newPassword", Message: "must have a digit"},
		account.Detail{Path: "/newPassword", Message: "must have <a> special character"})
	cause := errors.New("disk on fire")
	tests := []struct {
		name       string
		err        error
		status     int
		holds      []string
		retryAfter string
		keeps      bool // the cookie, so that the form can be sent again
	}{
		{"weak password", weak, 422, []string{
			`aria-describedby="newPassword-hint newPassword-fault" aria-invalid="true"`,
			"<li>Must have a digit.</li>", "<li>Must have &lt;a&gt; special character.</li>",
		}, "", true},
		{"invalid without details", &account.Error{Code: account.CodeInvalid, Message: "Not like this."}, 422, []string{`role="alert">Not like this.`}, "", true},
		{"dead token", &account.Error{Code: account.CodeInvalidRecoveryToken}, 400, []string{"no longer valid", "Ask for a new message"}, "", false},
		{"too many", &account.Error{Code: account.CodeTooManyRequests, Message: "Too many.", RetryAfter: 61500 * time.Millisecond}, 429,
			[]string{"Too many. Try again in 2 minutes."}, "62", true},
		{"unavailable", &account.Error{Code: account.CodeUnavailable, RetryAfter: 2 * time.Minute, Err: cause}, 503,
			[]string{"The server is busy. Nothing was changed. Try again in 2 minutes."}, "120", true},
		{"unavailable, no time given", &account.Error{Code: account.CodeUnavailable}, 503, []string{"Try again in a minute."}, "1", true},
		{"other code", &account.Error{Code: account.CodeInternal, Message: "inner", Err: cause}, 500, []string{"Something went wrong", "req-42"}, "", true},
		{"no account error", cause, 500, []string{"Something went wrong", "req-42"}, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, true, test.err)
			failed := b.send(fill(b.followLink(), password, password))
			if failed.StatusCode != test.status || failed.Header.Get("Retry-After") != test.retryAfter {
				t.Errorf("status %d, Retry-After %q", failed.StatusCode, failed.Header.Get("Retry-After"))
			}
			for _, part := range test.holds {
				if !strings.Contains(failed.body, part) {
					t.Errorf("the page does not hold %q:\n%s", part, failed.body)
				}
			}
			for _, hidden := range []string{cause.Error(), "inner", password} {
				if strings.Contains(failed.body, hidden) {
					t.Errorf("the page shows %q", hidden)
				}
			}
			if kept := b.holdsToken(); kept != test.keeps {
				t.Errorf("cookie kept: %t", kept)
			}
			if logged := strings.Contains(b.log.String(), cause.Error()); logged != errors.Is(test.err, cause) {
				t.Errorf("log: %q", b.log)
			}
		})
	}
}

// Nothing here reaches account.
func TestRefusedRequests(t *testing.T) {
	tests := []struct {
		name   string
		send   func(*browser, answer) answer
		status int
		holds  string
	}{
		{"another site, by Sec-Fetch-Site", func(b *browser, page answer) answer {
			return b.send(fill(page, password, password), "Sec-Fetch-Site", "cross-site")
		}, 403, "another site"},
		{"neighbouring subdomain", func(b *browser, page answer) answer {
			return b.send(fill(page, password, password), "Sec-Fetch-Site", "same-site")
		}, 403, "another site"},
		{"another site, by Origin", func(b *browser, page answer) answer {
			return b.send(fill(page, password, password), "Sec-Fetch-Site", "", "Origin", "https://evil.example")
		}, 403, "another site"},
		{"no form token", func(b *browser, _ answer) answer {
			return b.send(fill(answer{}, password, password))
		}, 403, "Open the link again"},
		{"form token of another link", func(b *browser, page answer) answer {
			b.get("/reset-password?token=usr_another")
			return b.send(fill(page, password, password))
		}, 403, "Open the link again"},
		{"fields in the address", func(b *browser, page answer) answer {
			return b.do(httptest.NewRequest(http.MethodPost, "/reset-password?"+fill(page, password, password).Encode(), nil))
		}, 403, "Open the link again"},
		{"no cookie", func(b *browser, page answer) answer {
			clear(b.cookies)
			return b.send(fill(page, password, password))
		}, 400, "ten minutes"},
		{"passwords differ", func(b *browser, page answer) answer {
			return b.send(fill(page, password, password+"!"))
		}, 422, `aria-describedby="repeat-fault" aria-invalid="true"`},
		{"oversize body", func(b *browser, page answer) answer {
			return b.send(fill(page, strings.Repeat("x", 64<<10), "x"))
		}, 413, "That was too much"},
		{"broken body", func(b *browser, page answer) answer {
			r := httptest.NewRequest(http.MethodPost, "/reset-password", strings.NewReader("newPassword=%zz"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return b.do(r)
		}, 400, "could not be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, true, nil)
			refused := test.send(b, b.followLink())
			if refused.StatusCode != test.status || !strings.Contains(refused.body, test.holds) {
				t.Errorf("status %d, want %d and %q in\n%s", refused.StatusCode, test.status, test.holds, refused.body)
			}
			if strings.Contains(refused.body, password) {
				t.Error("the page shows the password")
			}
			if len(b.recovery.calls) != 0 {
				t.Errorf("account was asked: %+v", b.recovery.calls)
			}
		})
	}
}

// A browser that sends no Sec-Fetch-Site sends the Origin of the page, which
// the referrer policy must not hide.
func TestMatchingOriginIsAccepted(t *testing.T) {
	b := open(t, true, nil)
	page := b.followLink()
	if got := page.Header.Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("Referrer-Policy %q", got)
	}
	if done := b.send(fill(page, password, password), "Sec-Fetch-Site", "", "Origin", "https://example.com"); done.StatusCode != http.StatusOK {
		t.Errorf("status %d", done.StatusCode)
	}
}

func TestLinksThatCannotWork(t *testing.T) {
	tests := []struct {
		name, target string
		status       int
		holds        string
	}{
		{"no token and no cookie", "/reset-password", 200, "/forgotten-password"},
		{"empty token", "/reset-password?token=", 400, "no longer valid"},
		{"token that no cookie can carry", "/reset-password?token=a%3Bb%22", 400, "no longer valid"},
		{"line break", "/reset-password?token=a%0d%0aSet-Cookie:x", 400, "no longer valid"},
		{"huge token", "/reset-password?token=" + strings.Repeat("a", 5000), 400, "no longer valid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t, true, nil)
			page := b.get(test.target)
			if page.StatusCode != test.status || !strings.Contains(page.body, test.holds) {
				t.Errorf("status %d:\n%s", page.StatusCode, page.body)
			}
			if b.holdsToken() {
				t.Errorf("cookies %v", b.cookies)
			}
		})
	}
}
