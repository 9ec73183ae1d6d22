package consoletest

import (
	"bytes"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Post sends a form. If the form has no CSRF token, Post adds the token of the last page.
func (b *Browser) Post(path string, form url.Values) Answer {
	b.T.Helper()
	if form == nil {
		form = url.Values{}
	}
	if !form.Has("formToken") {
		form.Set("formToken", b.FormToken)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}

// Attach sends a form with a file, like [Browser.Post]. field is the name of the file's form field.
// If field is empty, Attach sends no file.
func (b *Browser) Attach(path string, form url.Values, field, name string, file []byte) Answer {
	b.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, values := range form {
		Must(0, w.WriteField(field, values[0]))
	}
	Must(0, w.WriteField("formToken", b.FormToken))
	if field != "" {
		Must(Must(w.CreateFormFile(field, name)).Write(file))
	}
	Must(0, w.Close())
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}

// Follow sends a form that the server must accept. It follows the redirect and returns the next
// page.
func (b *Browser) Follow(path string, form url.Values) Answer {
	b.T.Helper()
	moved := b.Post(path, form)
	if moved.StatusCode != http.StatusSeeOther {
		b.T.Fatalf("POST %s: %d\n%s", path, moved.StatusCode, moved.Body)
	}
	return b.Get(moved.Header.Get("Location"))
}

// Want fails the test unless the answer has the status and contains all texts.
func (a Answer) Want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d\n%s", a.StatusCode, status, a.Body)
	}
	for _, text := range texts {
		if !strings.Contains(a.Body, text) {
			t.Errorf("the page does not contain %q:\n%s", text, a.Body)
		}
	}
}

// Upload sends the form for an import, with a file that has the given name and text. If name is
// empty, it sends no file.
func (b *Browser) Upload(path, name, text string, form url.Values) Answer {
	b.T.Helper()
	if name == "" {
		return b.Attach(path, form, "", "", nil)
	}
	return b.Attach(path, form, "file", name, []byte(text))
}

// Browser sends requests to a site and keeps cookies between them.
type Browser struct {
	T        *testing.T
	Handler  http.Handler
	Recovery *Recovery
	Log      *bytes.Buffer
	Cookies  map[string]string
	Header   http.Header // sent with every request
	Host     string      // Host header of requests that name no host; "": that of package httptest

	FormToken string // CSRF token of the last page that had a form
}

// defaultHost is the host of a request that [httptest.NewRequest] makes for a path.
const defaultHost = "example.com"

// Answer is a response with its body already read.
type Answer struct {
	*http.Response
	Body string
}

// Do sends a request. It fails the test if the response reveals GoodToken.
func (b *Browser) Do(r *http.Request) Answer {
	b.T.Helper()
	maps.Copy(r.Header, b.Header)
	if b.Host != "" && r.Host == defaultHost {
		r.Host = b.Host
	}
	for name, value := range b.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.Handler.ServeHTTP(w, r)
	response := w.Result()
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge < 0 {
			delete(b.Cookies, cookie.Name)
		} else {
			b.Cookies[cookie.Name] = cookie.Value
		}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.T.Fatal(err)
	}
	if strings.Contains(string(body), GoodToken) {
		b.T.Errorf("the token is in the page:\n%s", body)
	}
	for name, values := range response.Header {
		if name != "Set-Cookie" && strings.Contains(strings.Join(values, " "), GoodToken) {
			b.T.Errorf("the token is in the header %s: %q", name, values)
		}
	}
	if found := FormTokenField.FindStringSubmatch(string(body)); found != nil {
		b.FormToken = found[1]
	}
	return Answer{response, string(body)}
}

// Get requests a page.
func (b *Browser) Get(target string) Answer {
	b.T.Helper()
	return b.Do(httptest.NewRequest(http.MethodGet, target, nil))
}

// FormTokenField matches the CSRF token in a page.
var FormTokenField = regexp.MustCompile(`name="formToken" value="([^"]+)"`)

// WantWithout fails the test if the answer contains any of the texts.
func (a Answer) WantWithout(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.Body, text) {
			t.Errorf("the page contains %q:\n%s", text, a.Body)
		}
	}
}
