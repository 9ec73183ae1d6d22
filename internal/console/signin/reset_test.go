package signin_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/console/signin"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// Package service implements the interface.
var _ signin.Recovery = (*service.Service)(nil)

// fill returns the values of the form on a page, with these two passwords typed in.
func fill(view consoletest.Answer, newPassword, repeat string) url.Values {
	form := url.Values{"newPassword": {newPassword}, "repeat": {repeat}}
	if found := consoletest.FormTokenField.FindStringSubmatch(view.Body); found != nil {
		form.Set("formToken", found[1])
	}
	return form
}

// send posts a form with additional headers. header alternates names and values.
func send(b *consoletest.Browser, form url.Values, header ...string) consoletest.Answer {
	b.T.Helper()
	r := httptest.NewRequest(http.MethodPost, "/reset-password", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.Do(r)
}

func TestLinkMovesTheTokenIntoACookie(t *testing.T) {
	tests := []struct {
		secure bool
		cookie string
	}{
		{true, "__Host-usher-reset=" + consoletest.GoodToken + "; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"},
		{false, "usher-dev-reset=" + consoletest.GoodToken + "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"},
	}
	for _, test := range tests {
		t.Run(test.cookie, func(t *testing.T) {
			b := consoletest.Open(t, test.secure, nil)
			moved := b.Get("/reset-password?token=" + consoletest.GoodToken + "&utm_source=mail")
			if moved.StatusCode != http.StatusSeeOther || moved.Header.Get("Location") != "/reset-password" {
				t.Errorf("status %d to %q", moved.StatusCode, moved.Header.Get("Location"))
			}
			if got := moved.Header.Get("Set-Cookie"); got != test.cookie {
				t.Errorf("cookie %q, want %q", got, test.cookie)
			}
			if got := moved.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy %q would leak the token", got)
			}
		})
	}
}

func TestPasswordIsChanged(t *testing.T) {
	for _, secure := range []bool{true, false} {
		b := consoletest.Open(t, secure, nil)
		done := send(b, fill(b.FollowLink(), consoletest.Password, consoletest.Password))
		if done.StatusCode != http.StatusOK || !strings.Contains(done.Body, "Your password was changed") {
			t.Fatalf("status %d:\n%s", done.StatusCode, done.Body)
		}
		if want := (consoletest.RecoveryCall{
			Token: consoletest.GoodToken, Password: consoletest.Password, ClientNetwork: "192.0.2.7",
		}); len(b.Recovery.Calls) != 1 || b.Recovery.Calls[0] != want {
			t.Errorf("the rules were called with %+v", b.Recovery.Calls)
		}
		if holdsToken(b) {
			t.Errorf("the cookie is still set: %v", b.Cookies)
		}
	}
}

// holdsToken reports whether the browser has a cookie with a recovery token.
func holdsToken(b *consoletest.Browser) bool {
	for name := range b.Cookies {
		if strings.HasSuffix(name, "-reset") {
			return true
		}
	}
	return false
}

// TestOriginOfThePublicURLIsAccepted checks a request through a proxy that changes the Host header to
// a loopback address. The header Origin then has the origin of the public URL, as browsers write it.
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
			b := consoletest.OpenAt(t, public, nil)
			b.Host = "127.0.0.1:8080"
			done := send(b, fill(b.FollowLink(), consoletest.Password, consoletest.Password), "Sec-Fetch-Site", "",
				"Origin", test.origin)
			if done.StatusCode != test.status {
				t.Errorf("status %d, want %d", done.StatusCode, test.status)
			}
		})
	}
}

// TestGetDoesNotConsumeToken opens the link twice, as mail scanners and users do. The token must
// still work.
func TestGetDoesNotConsumeToken(t *testing.T) {
	b := consoletest.Open(t, true, nil)
	b.Do(httptest.NewRequest(http.MethodHead, "/reset-password?token="+consoletest.GoodToken, nil))
	b.FollowLink()
	view := b.FollowLink()
	if len(b.Recovery.Calls) != 0 {
		t.Fatalf("GET has called the rules: %+v", b.Recovery.Calls)
	}
	if done := send(b, fill(view, consoletest.Password, consoletest.Password)); done.StatusCode != http.StatusOK {
		t.Errorf("status %d", done.StatusCode)
	}
}

func TestRecoveryErrors(t *testing.T) {
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
		keepCookie bool // the cookie stays, so that the user can send the form again
	}{
		{"weak password", weak, 422, []string{
			`aria-describedby="newPassword-hint newPassword-fault" aria-invalid="true"`,
			"<li>Must have a digit.</li>", "<li>Must have &lt;a&gt; special character.</li>",
		}, "", true},
		{"invalid without details", &account.Error{Code: account.CodeInvalid, Message: "Not like this."}, 422,
			[]string{`role="alert">Not like this.`}, "", true},
		{"dead token", &account.Error{Code: account.CodeInvalidRecoveryToken}, 400, []string{"no longer valid",
			"Ask for a new message"}, "", false},
		{"too many", &account.Error{
			Code: account.CodeTooManyRequests, Message: "Too many.", RetryAfter: 61500 * time.Millisecond,
		}, 429,
			[]string{"Too many. Try again in 2 minutes."}, "62", true},
		{"unavailable", &account.Error{Code: account.CodeUnavailable, RetryAfter: 2 * time.Minute, Err: cause}, 503,
			[]string{"The server is busy. Nothing was changed. Try again in 2 minutes."}, "120", true},
		{"unavailable, no time given", &account.Error{Code: account.CodeUnavailable}, 503,
			[]string{"Try again in a minute."}, "1", true},
		{"other code", &account.Error{Code: account.CodeInternal, Message: "inner", Err: cause}, 500,
			[]string{"Something went wrong", "req-42"}, "", true},
		{"no account error", cause, 500, []string{"Something went wrong", "req-42"}, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := consoletest.Open(t, true, test.err)
			failed := send(b, fill(b.FollowLink(), consoletest.Password, consoletest.Password))
			if failed.StatusCode != test.status || failed.Header.Get("Retry-After") != test.retryAfter {
				t.Errorf("status %d, Retry-After %q", failed.StatusCode, failed.Header.Get("Retry-After"))
			}
			for _, part := range test.holds {
				if !strings.Contains(failed.Body, part) {
					t.Errorf("the page does not contain %q:\n%s", part, failed.Body)
				}
			}
			for _, hidden := range []string{cause.Error(), "inner", consoletest.Password} {
				if strings.Contains(failed.Body, hidden) {
					t.Errorf("the page shows %q", hidden)
				}
			}
			if kept := holdsToken(b); kept != test.keepCookie {
				t.Errorf("cookie kept: %t", kept)
			}
			if logged := strings.Contains(b.Log.String(), cause.Error()); logged != errors.Is(test.err, cause) {
				t.Errorf("log: %q", b.Log)
			}
		})
	}
}

// TestRefusedRequests checks requests that the console refuses before they reach package service.
func TestRefusedRequests(t *testing.T) {
	tests := []struct {
		name   string
		send   func(*consoletest.Browser, consoletest.Answer) consoletest.Answer
		status int
		holds  string
	}{
		{"another site, by Sec-Fetch-Site", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			return send(b, fill(view, consoletest.Password, consoletest.Password), "Sec-Fetch-Site", "cross-site")
		}, 403, "another site"},
		{"neighbouring subdomain", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			return send(b, fill(view, consoletest.Password, consoletest.Password), "Sec-Fetch-Site", "same-site")
		}, 403, "another site"},
		{"another site, by Origin", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			return send(b, fill(view, consoletest.Password, consoletest.Password), "Sec-Fetch-Site", "", "Origin",
				"https://evil.example")
		}, 403, "another site"},
		{"no form token", func(b *consoletest.Browser, _ consoletest.Answer) consoletest.Answer {
			return send(b, fill(consoletest.Answer{}, consoletest.Password, consoletest.Password))
		}, 403, "Open the link again"},
		{"form token of another link", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			b.Get("/reset-password?token=usr_another")
			return send(b, fill(view, consoletest.Password, consoletest.Password))
		}, 403, "Open the link again"},
		{"fields in the address", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			return b.Do(httptest.NewRequest(http.MethodPost,
				"/reset-password?"+fill(view, consoletest.Password, consoletest.Password).Encode(), nil))
		}, 403, "Open the link again"},
		{"no cookie", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			clear(b.Cookies)
			return send(b, fill(view, consoletest.Password, consoletest.Password))
		}, 400, "ten minutes"},
		{"passwords differ", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			return send(b, fill(view, consoletest.Password, consoletest.Password+"!"))
		}, 422, `aria-describedby="repeat-fault" aria-invalid="true"`},
		{"oversize body", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			return send(b, fill(view, strings.Repeat("x", 64<<10), "x"))
		}, 413, "That was too much"},
		{"broken body", func(b *consoletest.Browser, view consoletest.Answer) consoletest.Answer {
			r := httptest.NewRequest(http.MethodPost, "/reset-password", strings.NewReader("newPassword=%zz"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return b.Do(r)
		}, 400, "could not be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := consoletest.Open(t, true, nil)
			refused := test.send(b, b.FollowLink())
			if refused.StatusCode != test.status || !strings.Contains(refused.Body, test.holds) {
				t.Errorf("status %d, want %d and %q in\n%s", refused.StatusCode, test.status, test.holds, refused.Body)
			}
			if strings.Contains(refused.Body, consoletest.Password) {
				t.Error("the page shows the password")
			}
			if len(b.Recovery.Calls) != 0 {
				t.Errorf("the rules were called with %+v", b.Recovery.Calls)
			}
		})
	}
}

// TestMatchingOriginIsAccepted sends a form like a browser that doesn't support Sec-Fetch-Site.
// Such a browser sends Origin, unless the referrer policy of the page suppresses it.
func TestMatchingOriginIsAccepted(t *testing.T) {
	b := consoletest.Open(t, true, nil)
	view := b.FollowLink()
	if got := view.Header.Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("Referrer-Policy %q", got)
	}
	if done := send(b, fill(view, consoletest.Password, consoletest.Password), "Sec-Fetch-Site", "", "Origin",
		"https://accounts.example.org"); done.StatusCode != http.StatusOK {
		t.Errorf("status %d", done.StatusCode)
	}
}

func TestInvalidLinks(t *testing.T) {
	tests := []struct {
		name, target string
		status       int
		holds        string
	}{
		{"neither token nor cookie", "/reset-password", 200, "/forgotten-password"},
		{"empty token", "/reset-password?token=", 400, "no longer valid"},
		{"token that does not fit into a cookie", "/reset-password?token=a%3Bb%22", 400, "no longer valid"},
		{"line break", "/reset-password?token=a%0d%0aSet-Cookie:x", 400, "no longer valid"},
		{"huge token", "/reset-password?token=" + strings.Repeat("a", 5000), 400, "no longer valid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := consoletest.Open(t, true, nil)
			view := b.Get(test.target)
			if view.StatusCode != test.status || !strings.Contains(view.Body, test.holds) {
				t.Errorf("status %d:\n%s", view.StatusCode, view.Body)
			}
			if holdsToken(b) {
				t.Errorf("cookies %v", b.Cookies)
			}
		})
	}
}
