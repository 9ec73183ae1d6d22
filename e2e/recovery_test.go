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

// The account at the mail server.
const (
	postUsername = "usher"
	postPassword = "smtp-password-in-no-log"
)

// startPost starts a mail server with STARTTLS and authentication, and returns the
// options of a server that uses it.
func startPost(t *testing.T) (*mailtest.Server, options) {
	t.Helper()
	post := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: postUsername, Password: postPassword})
	return post, options{
		Flags: append(smtpFlags(post), "--smtp-username", postUsername),
		Env:   []string{"USHER_SMTP_PASSWORD=" + postPassword},
	}
}

func smtpFlags(post *mailtest.Server) []string {
	return []string{
		"--smtp-host", post.Host(), "--smtp-port", number(int64(post.Port())), "--smtp-tls", "starttls",
		"--smtp-ca-file", post.CAFile(), "--smtp-from", "accounts@example.com",
	}
}

var recoveryLink = regexp.MustCompile(`(?m)^(https?://\S+)/reset-password\?token=(\S+)$`)

// recoveryToken reads the token out of the text part of a delivered message.
func recoveryToken(t *testing.T, m mailtest.Message) string {
	t.Helper()
	found := recoveryLink.FindStringSubmatch(strings.ReplaceAll(m.Text, "\r\n", "\n"))
	if found == nil {
		t.Fatalf("the message has no link:\n%s", m.Text)
	}
	return found[2]
}

func (s *server) forget(t *testing.T, email string) answer {
	t.Helper()
	return s.do(t, "POST", "/api/users/forgotten-password", "", fields{"email": email}).want(t, http.StatusOK)
}

// forgetAt is forget from somebody who says that the server has another name.
func (s *server) forgetAt(t *testing.T, email, host string) {
	t.Helper()
	request, err := http.NewRequest("POST", s.URL+"/api/users/forgotten-password", bytes.NewReader(mustJSON(t, fields{"email": email})))
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

// TestRecoveryByMail follows a message from the request to the new password,
// through the page and through the API.
func TestRecoveryByMail(t *testing.T) {
	t.Parallel()
	const public, email, first, second, third = "http://accounts.example.com:8443", "ada@example.com", "Analytical-1", "Analytical-2", "Analytical-3"
	post, o := startPost(t)
	o.Flags = append(o.Flags, "--public-url", public)
	s := startServer(t, o)
	s.addUser(t, s.admin(t), "Ada", email, first)

	known := s.forget(t, strings.ToUpper(email))
	message := post.WaitForMessage(t, 1)
	if len(message.Recipients) != 1 || message.Recipients[0] != email || message.Sender != "accounts@example.com" {
		t.Errorf("the message went from %s to %v", message.Sender, message.Recipients)
	}
	if !bytes.Contains(message.Raw, []byte("multipart/alternative")) || message.Text == "" || !strings.Contains(message.HTML, "/reset-password?token=") {
		t.Errorf("the message is not plain text and HTML:\n%s", message.Raw)
	}
	if link := recoveryLink.FindStringSubmatch(strings.ReplaceAll(message.Text, "\r\n", "\n")); link == nil || link[1] != public {
		t.Errorf("the link does not begin with the public URL %s: %q", public, link)
	}
	token := recoveryToken(t, message)

	t.Run("unknown address", func(t *testing.T) {
		unknown := s.forget(t, "nobody@example.com")
		if !bytes.Equal(unknown.Body, known.Body) {
			t.Errorf("an unknown address is answered %q, a known one %q", unknown.Body, known.Body)
		}
	})

	t.Run("page", func(t *testing.T) {
		resetByPage(t, s, token, second)
		s.refuseSignIn(t, email, first)
		s.signIn(t, email, second)
	})

	t.Run("single use", func(t *testing.T) {
		s.do(t, "POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": third}).
			wantError(t, http.StatusBadRequest, "INVALID_RECOVERY_TOKEN")
		s.signIn(t, email, second)
	})

	t.Run("API", func(t *testing.T) {
		s.forget(t, email)
		// This is the second message: none went to the unknown address.
		next := post.WaitForMessage(t, 2)
		if next.Recipients[0] != email {
			t.Errorf("a message went to %v", next.Recipients)
		}
		a := s.do(t, "POST", "/api/users/retrieve-password", "", fields{"token": recoveryToken(t, next), "newPassword": third})
		if a.want(t, http.StatusOK); strings.TrimSpace(string(a.Body)) != "null" {
			t.Errorf("retrieve-password answers %q, want null", a.Body)
		}
		s.refuseSignIn(t, email, second)
		s.signIn(t, email, third)
	})
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="formToken" value="([^"]+)">`)

// resetByPage opens the link of a message as a browser does, twice, and sends
// the form.
func resetByPage(t *testing.T, s *server, token, password string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	var page answer
	for range 2 { // a scanner that follows links does not use the token up
		request, err := http.NewRequest("GET", s.URL+"/reset-password?token="+url.QueryEscape(token), nil)
		if err != nil {
			t.Fatal(err)
		}
		if page, err = send(browser, request); err != nil {
			t.Fatal(err)
		}
		page.want(t, http.StatusOK)
		if page.URL != s.URL+"/reset-password" {
			t.Errorf("the browser ends at %s, so the token stays in its history", page.URL)
		}
		if bytes.Contains(page.Body, []byte(token)) {
			t.Error("the page shows the token")
		}
	}
	here, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	holds := func() bool {
		return slices.ContainsFunc(jar.Cookies(here), func(c *http.Cookie) bool { return c.Value == token })
	}
	if !holds() {
		t.Error("the browser does not hold the token in a cookie")
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
	if holds() {
		t.Error("the browser still holds the token")
	}
}

// TestRecoveryByFile is recovery on a server without a mail server.
func TestRecoveryByFile(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	s := startServer(t, options{})
	s.addUser(t, s.admin(t), "Ada", email, "Analytical-1")
	s.forgetAt(t, email, "evil.example")
	directory := filepath.Join(s.Data, "mail")
	var files []string
	within(t, "the message is in a file", func() bool {
		files, _ = filepath.Glob(filepath.Join(directory, "*.eml"))
		return len(files) == 1
	})
	wantMode(t, directory, 0o700)
	wantMode(t, files[0], 0o600)
	message, err := mail.Parse([]byte(readFile(t, files[0])))
	if err != nil {
		t.Fatal(err)
	}
	token := recoveryToken(t, mailtest.Message{Message: message})
	if link := s.URL + "/reset-password?token=" + token; !strings.Contains(message.Text, link) {
		t.Errorf("the message does not have the link %s", s.URL+"/reset-password")
	}
	s.do(t, "POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": "Analytical-2"}).want(t, http.StatusOK)
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
