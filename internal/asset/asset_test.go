package asset_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/asset"
)

var text = strings.Repeat("body { margin: 0 }\n", 100)

func serve(a *asset.Asset, method string, header map[string]string) *http.Response {
	r := httptest.NewRequest(method, "/any.css", nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result()
}

func TestEncodingFollowsTheClient(t *testing.T) {
	a := asset.New("text/css; charset=utf-8", []byte(text))
	for accept, want := range map[string]string{
		"":                    "",
		"br":                  "",
		"gzip":                "gzip",
		"deflate, GZIP;q=0.5": "gzip",
		"br, gzip; q=1.0":     "gzip",
		"gzip;q=0":            "",
		"gzip;q=nonsense":     "",
		"x-gzip2":             "",
	} {
		t.Run(accept, func(t *testing.T) {
			answer := serve(a, http.MethodGet, map[string]string{"Accept-Encoding": accept})
			if got := answer.Header.Get("Content-Encoding"); got != want {
				t.Fatalf("Content-Encoding %q, want %q", got, want)
			}
			var body io.Reader = answer.Body
			if want == "gzip" {
				unpacked, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = unpacked
			}
			got, err := io.ReadAll(body)
			if err != nil || string(got) != text {
				t.Errorf("the body is not the file (%v)", err)
			}
			if answer.Header.Get("Vary") != "Accept-Encoding" {
				t.Error("no Vary: a shared cache would mix up the encodings")
			}
		})
	}
}

func TestConditionalRequests(t *testing.T) {
	a := asset.New("text/css; charset=utf-8", []byte(text))
	plain := serve(a, http.MethodGet, nil).Header.Get("ETag")
	packed := serve(a, http.MethodGet, map[string]string{"Accept-Encoding": "gzip"}).Header.Get("ETag")
	changed := serve(asset.New("text/css", []byte(text+" ")), http.MethodGet, nil).Header.Get("ETag")
	if plain == packed || plain == changed {
		t.Fatalf("ETags are equal: plain %s, gzip %s, other file %s", plain, packed, changed)
	}
	tests := []struct {
		name, accept, tag string
		want              int
	}{
		{"same file", "", plain, http.StatusNotModified},
		{"same file, gzip", "gzip", packed, http.StatusNotModified},
		{"other encoding", "", packed, http.StatusOK},
		{"other file", "", changed, http.StatusOK},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := serve(a, http.MethodGet,
				map[string]string{"If-None-Match": test.tag, "Accept-Encoding": test.accept})
			if answer.StatusCode != test.want {
				t.Errorf("status %d, want %d", answer.StatusCode, test.want)
			}
		})
	}
}

func TestHeadHasNoBody(t *testing.T) {
	a := asset.New("text/css; charset=utf-8", []byte(text))
	answer := serve(a, http.MethodHead, nil)
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK || len(body) != 0 || answer.ContentLength != int64(len(text)) {
		t.Errorf("status %d, %d bytes, length %d", answer.StatusCode, len(body), answer.ContentLength)
	}
}
