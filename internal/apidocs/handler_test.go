package apidocs_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/apidocs"
)

func request(method, path string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	apidocs.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestFilesAreServed(t *testing.T) {
	tests := []struct {
		method, path string
		status       int
		contentType  string
		contains     string
	}{
		{"GET", "/docs", 200, "text/html; charset=utf-8", "<title>Usher API</title>"},
		{"HEAD", "/docs", 200, "text/html; charset=utf-8", ""},
		{"GET", "/docs/docs.css", 200, "text/css; charset=utf-8", "prefers-color-scheme"},
		{"GET", "/docs/docs.js", 200, "text/javascript; charset=utf-8", "/openapi.yaml"},
		{"GET", "/docs/icon.svg", 200, "image/svg+xml", "<svg"},
		{"GET", "/docs/rapidoc-min.js", 200, "text/javascript; charset=utf-8", "RapiDoc 9.3.8"},
		{"HEAD", "/docs/rapidoc-min.js", 200, "text/javascript; charset=utf-8", ""},
		{"GET", "/docs/rapidoc-min.js.LICENSE.txt", 200, "text/plain; charset=utf-8", "MIT"},
		{"GET", "/docs/", 404, "", ""},
		{"GET", "/docs/docs.html", 404, "", ""},
		{"GET", "/docs/../handler.go", 307, "", ""}, // redirects to /handler.go, for which the server answers 404
		{"GET", "/", 404, "", ""},
		{"POST", "/docs", 405, "", ""},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			answer := request(test.method, test.path, nil)
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != test.status {
				t.Fatalf("status %d, want %d", answer.StatusCode, test.status)
			}
			for name, part := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'self';",
				"X-Content-Type-Options":  "nosniff",
				"Referrer-Policy":         "no-referrer",
			} {
				if !strings.Contains(answer.Header.Get(name), part) {
					t.Errorf("%s: %q", name, answer.Header.Get(name))
				}
			}
			if test.status != 200 {
				return
			}
			if got := answer.Header.Get("Content-Type"); got != test.contentType {
				t.Errorf("Content-Type %q, want %q", got, test.contentType)
			}
			if answer.Header.Get("ETag") == "" || answer.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("ETag %q, Cache-Control %q", answer.Header.Get("ETag"), answer.Header.Get("Cache-Control"))
			}
			if !strings.Contains(string(body), test.contains) || (test.method == "HEAD" && len(body) > 0) {
				t.Errorf("the body of %d bytes does not contain %q or must be empty", len(body), test.contains)
			}
		})
	}
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	tag := request("GET", "/docs/rapidoc-min.js", nil).Header.Get("ETag")
	answer := request("GET", "/docs/rapidoc-min.js", http.Header{"If-None-Match": {tag}})
	if answer.StatusCode != http.StatusNotModified {
		t.Errorf("status %d, want 304", answer.StatusCode)
	}
}

// TestPageNamesNoOtherHost checks that the page's own files contain no URL of another host. The Content-Security-Policy
// would block the request, so a part of the page would be missing.
func TestPageNamesNoOtherHost(t *testing.T) {
	otherHost := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9-]+\.[a-z]`)
	for _, path := range []string{"/docs", "/docs/docs.css", "/docs/docs.js"} {
		body, err := io.ReadAll(request("GET", path, nil).Body)
		if err != nil {
			t.Fatal(err)
		}
		if found := otherHost.Find(body); found != nil {
			t.Errorf("%s names another host: %s", path, found)
		}
		if path == "/docs" && !strings.Contains(string(body), `load-fonts="false"`) {
			t.Error("RapiDoc would load fonts from another host")
		}
	}
}

// TestPageHasNoInlineScript checks that the page has no inline script, because the Content-Security-Policy would block
// the script.
func TestPageHasNoInlineScript(t *testing.T) {
	body, err := io.ReadAll(request("GET", "/docs", nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`<script[^>]*>[^<]+|<[^>]+\son[a-z]+=`).Find(body); found != nil {
		t.Errorf("inline script: %s", found)
	}
}
