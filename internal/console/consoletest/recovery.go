package consoletest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// GoodToken is the recovery token that FollowLink sends.
const GoodToken = "usr_1qY7xGoodToken"

// Recovery is a [signin.Recovery] that returns Err and records its calls.
type Recovery struct {
	Err   error
	Calls []RecoveryCall
}

// RecoveryCall has the arguments of one call of RetrievePassword.
type RecoveryCall struct{ Token, Password, ClientNetwork string }

// RetrievePassword implements [signin.Recovery]. It records its arguments and returns f.Err.
func (f *Recovery) RetrievePassword(_ context.Context, token, newPassword secret.Text, from account.Origin) error {
	f.Calls = append(f.Calls, RecoveryCall{token.Reveal(), newPassword.Reveal(), from.ClientNetwork})
	return f.Err
}

// Open returns a browser of a console without a service. The console's Recovery fails with err. If
// secure is true, the public URL is an HTTPS URL; otherwise it is unknown.
func Open(t *testing.T, secure bool, err error) *Browser {
	if secure {
		return OpenAt(t, &url.URL{Scheme: "https", Host: "accounts.example.org"}, err)
	}
	return OpenAt(t, nil, err)
}

// OpenAt is [Open] with the public URL as a parameter.
func OpenAt(t *testing.T, public *url.URL, err error) *Browser {
	b := &Browser{T: t, Recovery: &Recovery{Err: err}, Log: new(bytes.Buffer), Cookies: map[string]string{}}
	if public != nil {
		b.Host = public.Host
	}
	pages := console.New(console.Options{
		Recovery:      b.Recovery,
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(context.Context) (*url.URL, error) { return public, nil },
		Logger:        slog.New(slog.NewTextHandler(b.Log, nil)),
	})
	b.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req-42")
		pages.ServeHTTP(w, r)
	})
	return b
}

// FollowLink opens the link in a recovery message and returns the page with the form for a new
// password.
func (b *Browser) FollowLink() Answer {
	b.T.Helper()
	moved := b.Get("/reset-password?token=" + GoodToken)
	if moved.StatusCode != http.StatusSeeOther {
		b.T.Fatalf("the link answers %d", moved.StatusCode)
	}
	return b.Get(moved.Header.Get("Location"))
}
