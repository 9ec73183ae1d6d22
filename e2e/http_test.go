package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// answer is an HTTP response whose body has been read.
type answer struct {
	URL    string // the URL after redirects
	Status int
	Header http.Header
	Body   []byte
}

// do sends an API request and returns the response. It sends key in X-Api-Key and body as JSON; both may be empty.
func (s *server) do(t *testing.T, method, path, key string, body any) answer {
	t.Helper()
	a, err := s.try(method, path, key, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// try is like do, but returns errors instead of failing the test. Use it if the server may have crashed, or outside the
// test's goroutine.
func (s *server) try(method, path, key string, body any) (answer, error) {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, s.URL+path, reader)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("X-Api-Key", key)
	}
	return send(http.DefaultClient, request)
}

// send sends a request and reads the whole response.
func send(client *http.Client, request *http.Request) (answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return answer{
		URL: response.Request.URL.String(), Status: response.StatusCode, Header: response.Header, Body: content,
	}, err
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// want fails the test unless the response has the status.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("the answer has the status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// wantError fails the test unless the response is an error with the status and code.
func (a answer) wantError(t *testing.T, status int, code string) {
	t.Helper()
	a.want(t, status)
	if got := decode[struct{ Error string }](t, a).Error; got != code {
		t.Fatalf("the answer has the code %q, want %q: %s", got, code, a.Body)
	}
}

// decode decodes the JSON body of a response.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(a.Body, &value); err != nil {
		t.Fatalf("decode the answer: %v: %s", err, a.Body)
	}
	return value
}

// user holds the fields of a user that the tests check.
type user struct {
	ID         int64
	Name       string
	Email      string
	Department *string
	Active     bool
	Roles      []int64
}

// fields is a JSON object.
type fields map[string]any

// signIn signs a user in and returns the session's token.
func (s *server) signIn(t *testing.T, email, password string) string {
	t.Helper()
	a := s.do(t, "POST", "/api/login", "", fields{"email": email, "password": password}).want(t, http.StatusOK)
	return decode[struct{ AuthToken string }](t, a).AuthToken
}

// signInAdmin signs the first administrator in and returns the session's token.
func (s *server) signInAdmin(t *testing.T) string {
	t.Helper()
	return s.signIn(t, adminEmail, adminPassword)
}

// addUser creates an active user and returns the user's id.
func (s *server) addUser(t *testing.T, key, name, email, password string) int64 {
	t.Helper()
	body := []fields{{"name": name, "email": email, "password": password, "active": true}}
	a := s.do(t, "POST", "/api/users", key, body)
	return decode[[]user](t, a.want(t, http.StatusCreated))[0].ID
}

// wantSignInRefused fails the test unless a sign-in fails with INVALID_CREDENTIALS.
func (s *server) wantSignInRefused(t *testing.T, email, password string) {
	t.Helper()
	s.do(t, "POST", "/api/login", "", fields{"email": email, "password": password}).
		wantError(t, http.StatusUnauthorized, "INVALID_CREDENTIALS")
}

func getStatus(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}
