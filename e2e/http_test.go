package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// answer is what a server answered.
type answer struct {
	URL    string // that answered, after redirects
	Status int
	Header http.Header
	Body   []byte
}

// do sends a request of the API and returns the answer. The key, if any, goes
// into x-api-key; the body, if any, is sent as JSON.
func (s *server) do(t *testing.T, method, path, key string, body any) answer {
	t.Helper()
	a, err := s.try(method, path, key, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// try is do for a server that may be gone, and for other goroutines than the
// test's.
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

// send sends a request and reads the whole answer.
func send(client *http.Client, request *http.Request) (answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return answer{response.Request.URL.String(), response.StatusCode, response.Header, content}, err
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// want fails the test unless the answer has the status given.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("the answer has the status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// wantError fails the test unless the answer is an error with this status and code.
func (a answer) wantError(t *testing.T, status int, code string) {
	t.Helper()
	a.want(t, status)
	if got := into[struct{ Error string }](t, a).Error; got != code {
		t.Fatalf("the answer has the code %q, want %q: %s", got, code, a.Body)
	}
}

// into decodes the body of an answer.
func into[T any](t *testing.T, a answer) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(a.Body, &value); err != nil {
		t.Fatalf("the answer is no JSON of the form wanted: %v: %s", err, a.Body)
	}
	return value
}

// user is what the tests look at of a user.
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

// signIn returns a new session of a user.
func (s *server) signIn(t *testing.T, email, password string) string {
	t.Helper()
	a := s.do(t, "POST", "/api/login", "", fields{"email": email, "password": password}).want(t, http.StatusOK)
	return into[struct{ AuthToken string }](t, a).AuthToken
}

// admin returns a new session of the first administrator.
func (s *server) admin(t *testing.T) string {
	t.Helper()
	return s.signIn(t, adminEmail, adminPassword)
}

// addUser creates an active user and returns the id.
func (s *server) addUser(t *testing.T, key, name, email, password string) int64 {
	t.Helper()
	a := s.do(t, "POST", "/api/users", key, []fields{{"name": name, "email": email, "password": password, "active": true}})
	return into[[]user](t, a.want(t, http.StatusCreated))[0].ID
}

// refuseSignIn fails the test unless the password is not that of the user.
func (s *server) refuseSignIn(t *testing.T, email, password string) {
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
