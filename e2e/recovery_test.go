package e2e_test

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// The credentials that the test mail server accepts.
const (
	smtpUsername = "usher"
	smtpPassword = "smtp-password-in-no-log"
)

// startMailServer starts a mail server with STARTTLS and authentication. It returns the mail server, and the options of
// a `usher serve` that uses it.
func startMailServer(t *testing.T) (*mailtest.Server, options) {
	t.Helper()
	smtp := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: smtpUsername, Password: smtpPassword})
	return smtp, options{
		Flags: append(smtpFlags(smtp), "--smtp-username", smtpUsername),
		Env:   []string{"USHER_SMTP_PASSWORD=" + smtpPassword},
	}
}

// smtpFlags returns the `usher serve` flags for a mail server with STARTTLS.
func smtpFlags(smtp *mailtest.Server) []string {
	return []string{
		"--smtp-host", smtp.Host(), "--smtp-port", formatID(int64(smtp.Port())), "--smtp-tls", "starttls",
		"--smtp-ca-file", smtp.CAFile(), "--smtp-from", "accounts@example.com",
	}
}

var recoveryLink = regexp.MustCompile(`(?m)^(https?://\S+)/reset-password\?token=(\S+)$`)

// recoveryToken returns the token in the link of a message's text part.
func recoveryToken(t *testing.T, m mailtest.Message) string {
	t.Helper()
	found := recoveryLink.FindStringSubmatch(strings.ReplaceAll(m.Text, "\r\n", "\n"))
	if found == nil {
		t.Fatalf("the message has no link:\n%s", m.Text)
	}
	return found[2]
}

// waitForRecoveryToken waits for the n-th message with a link for a new password and returns the link's token. Notices
// of changed passwords, which may come before, have none.
func waitForRecoveryToken(t *testing.T, smtp *mailtest.Server, n int) string {
	t.Helper()
	return recoveryToken(t, smtp.WaitForMessageWith(t, "/reset-password?token=", n))
}

// requestRecovery requests a recovery message for the email address.
func (s *server) requestRecovery(t *testing.T, email string) answer {
	t.Helper()
	return s.do(t, "POST", "/api/users/forgotten-password", "", fields{"email": email}).want(t, http.StatusOK)
}

// requestRecoveryFromHost requests a recovery message with forged Host and X-Forwarded-Host headers.
func (s *server) requestRecoveryFromHost(t *testing.T, email, host string) {
	t.Helper()
	body := bytes.NewReader(mustJSON(t, fields{"email": email}))
	request, err := http.NewRequest("POST", s.URL+"/api/users/forgotten-password", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-Host", host)
	a, err := send(http.DefaultClient, request)
	if err != nil {
		t.Fatal(err)
	}
	a.want(t, http.StatusOK)
}

// TestRecoveryByMail requests a recovery message, takes the token from the message and sets a new password. It uses the
// token on the page and with the API.
func TestRecoveryByMail(t *testing.T) {
	t.Parallel()
	const publicURL, email = "http://accounts.example.com:8443", "ada@example.com"
	const first, second, third = "Analytical-1", "Analytical-2", "Analytical-3" // passwords
	smtp, o := startMailServer(t)
	o.Flags = append(o.Flags, "--public-url", publicURL)
	s := startServer(t, o)
	s.addUser(t, s.signInAdmin(t), "Ada", email, first)

	expected := s.requestRecovery(t, strings.ToUpper(email))
	message := smtp.WaitForMessage(t, 1)
	if len(message.Recipients) != 1 || message.Recipients[0] != email || message.Sender != "accounts@example.com" {
		t.Errorf("the message went from %s to %v", message.Sender, message.Recipients)
	}
	if !bytes.Contains(message.Raw, []byte("multipart/alternative")) || message.Text == "" ||
		!strings.Contains(message.HTML, "/reset-password?token=") {
		t.Errorf("the message does not consist of plain text and HTML:\n%s", message.Raw)
	}
	link := recoveryLink.FindStringSubmatch(strings.ReplaceAll(message.Text, "\r\n", "\n"))
	if link == nil || link[1] != publicURL {
		t.Errorf("the link does not begin with the public URL %s: %q", publicURL, link)
	}
	token := recoveryToken(t, message)

	t.Run("unknown address", func(t *testing.T) {
		unknown := s.requestRecovery(t, "nobody@example.com")
		if !bytes.Equal(unknown.Body, expected.Body) {
			t.Errorf("an unknown address is answered %q, a known one %q", unknown.Body, expected.Body)
		}
	})

	t.Run("page", func(t *testing.T) {
		resetByPage(t, s, token, second)
		s.wantSignInRefused(t, email, first)
		s.signIn(t, email, second)
	})

	t.Run("single use", func(t *testing.T) {
		s.do(t, "POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": third}).
			wantError(t, http.StatusBadRequest, "INVALID_RECOVERY_TOKEN")
		s.signIn(t, email, second)
	})

	t.Run("API", func(t *testing.T) {
		s.requestRecovery(t, email)
		// The second link of the test is for the user, so the unknown address got none.
		next := smtp.WaitForMessageWith(t, "/reset-password?token=", 2)
		if next.Recipients[0] != email {
			t.Errorf("a message went to %v", next.Recipients)
		}
		body := fields{"token": recoveryToken(t, next), "newPassword": third}
		a := s.do(t, "POST", "/api/users/retrieve-password", "", body)
		if a.want(t, http.StatusOK); strings.TrimSpace(string(a.Body)) != "null" {
			t.Errorf("retrieve-password answers %q, want null", a.Body)
		}
		s.wantSignInRefused(t, email, second)
		s.signIn(t, email, third)
	})
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="formToken" value="([^"]+)">`)

// resetByPage opens the link of a message with a browser's cookies, twice, and submits the form with a new password.
func resetByPage(t *testing.T, s *server, token, password string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	var page answer
	for range 2 { // opening the link, as a mail scanner does, must not use up the token
		request, err := http.NewRequest("GET", s.URL+"/reset-password?token="+url.QueryEscape(token), nil)
		if err != nil {
			t.Fatal(err)
		}
		if page, err = send(browser, request); err != nil {
			t.Fatal(err)
		}
		page.want(t, http.StatusOK)
		if page.URL != s.URL+"/reset-password" {
			t.Errorf("the redirects end at %s, so the token stays in the history", page.URL)
		}
		if bytes.Contains(page.Body, []byte(token)) {
			t.Error("the page contains the token")
		}
	}
	origin, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	hasCookie := func() bool {
		return slices.ContainsFunc(jar.Cookies(origin), func(c *http.Cookie) bool { return c.Value == token })
	}
	if !hasCookie() {
		t.Error("no cookie contains the token")
	}
	field := hiddenField.FindSubmatch(page.Body)
	if field == nil {
		t.Fatalf("the page has no form:\n%s", page.Body)
	}
	form := url.Values{"formToken": {string(field[1])}, "newPassword": {password}, "repeat": {password}}
	request, err := http.NewRequest("POST", s.URL+"/reset-password", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	a, err := send(browser, request)
	if err != nil {
		t.Fatal(err)
	}
	a.want(t, http.StatusOK)
	if hasCookie() {
		t.Error("a cookie still contains the token")
	}
}

// TestRecoveryByFile recovers an account on a server that has no mail server and writes messages to files.
func TestRecoveryByFile(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	s := startServer(t, options{})
	s.addUser(t, s.signInAdmin(t), "Ada", email, "Analytical-1")
	s.requestRecoveryFromHost(t, email, "evil.example")
	dir := filepath.Join(s.Data, "mail")
	var files []string
	eventually(t, "the message is in a file", func() bool {
		files, _ = filepath.Glob(filepath.Join(dir, "*.eml"))
		return len(files) == 1
	})
	wantMode(t, dir, 0o700)
	wantMode(t, files[0], 0o600)
	message, err := mail.Parse([]byte(readFile(t, files[0])))
	if err != nil {
		t.Fatal(err)
	}
	token := recoveryToken(t, mailtest.Message{Message: message})
	if link := s.URL + "/reset-password?token=" + token; !strings.Contains(message.Text, link) {
		t.Errorf("the message does not contain the link %s", s.URL+"/reset-password")
	}
	body := fields{"token": token, "newPassword": "Analytical-2"}
	s.do(t, "POST", "/api/users/retrieve-password", "", body).want(t, http.StatusOK)
	s.signIn(t, email, "Analytical-2")
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
