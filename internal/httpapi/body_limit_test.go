package httpapi_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/bodylimit"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

// Limits of bodies in bytes: without a credential, and with one.
const (
	publicLimit = 16 << 10
	smallLimit  = 64 << 10
)

// largeLimits lists the operations that accept a body of more than smallLimit, with their limits in bytes.
var largeLimits = map[string]int{
	"POST /api/users":             4 << 20, // bulk create
	"POST /api/imports/{id}/rows": 4 << 20,
	"PATCH /api/users/{id}":       512 << 10, // has a picture
}

// TestBodyLimits checks that each operation with a body states a limit, and that only those of largeLimits accept more
// than 64 KiB.
func TestBodyLimits(t *testing.T) {
	found := map[string]int{}
	for _, op := range operations(t) {
		if op.body() == nil {
			continue
		}
		limit, ok := op.RequestBody.Value.Extensions["x-body-limit"].(float64)
		switch {
		case !ok || limit <= 0:
			t.Errorf("%s has no limit", op.name)
		case op.public() && limit > publicLimit:
			t.Errorf("%s is public and accepts %v bytes", op.name, limit)
		case limit > smallLimit:
			found[op.name] = int(limit)
		}
	}
	if !maps.Equal(found, largeLimits) {
		t.Errorf("the operations with large bodies are %v, want %v", found, largeLimits)
	}
}

// countingBody is a body of blanks that counts how many of its bytes were read.
type countingBody struct{ left, read int }

func (b *countingBody) Read(p []byte) (int, error) {
	n := copy(p, strings.Repeat(" ", min(len(p), b.left)))
	b.left, b.read = b.left-n, b.read+n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestPermissionBeforeLargeBody checks that a body of more than 64 KiB is read only if the caller may use the
// operation. A caller without the permission gets the same error as for a small body, whether the size of the body was
// announced or not.
func TestPermissionBeforeLargeBody(t *testing.T) {
	f := newFixture(t)
	read := access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeAll}
	readOther := access.Permission{
		Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: []int64{99},
	}
	callers := map[string]string{
		"reads all": f.as("all@example.org", f.role(read)), "reads others": f.as("other@example.org", f.role(readOther)),
		"reads none": f.as("none@example.org", f.role()),
	}
	for _, op := range operations(t) {
		limit, ok := largeLimits[op.name]
		if !ok {
			continue
		}
		send := func(token string, announced int64) (answer, int) {
			body := &countingBody{left: limit}
			r := call{method: op.method, path: op.at(1), token: token}.request()
			r.Header.Set("Content-Type", "application/json")
			r.Body, r.ContentLength = io.NopCloser(body), announced
			return f.serve(r), body.read
		}
		for name, announced := range map[string]int64{"announced": int64(limit), "in chunks": -1} {
			for who, token := range callers {
				small := f.do(call{method: op.method, path: op.at(1), token: token, body: jsonOf(op.example())})
				a, read := send(token, announced)
				if small.status < 403 || a.status != small.status || a.body != small.body {
					t.Errorf("%s, %s, %s: %d %s, but for a small body %d %s",
						op.name, name, who, a.status, a.body, small.status, small.body)
				}
				if read > smallLimit+1 || announced > 0 && read > 0 {
					t.Errorf("%s, %s, %s: %d bytes were read", op.name, name, who, read)
				}
			}
			if _, read := send(f.admin, announced); read != limit {
				t.Errorf("%s, %s: %d bytes of an administrator were read", op.name, name, read)
			}
		}
	}
}

// TestBodyMemory fills the body memory of a client network. Further large bodies from this network get 503 and close
// the connection. Small bodies, and bodies from other networks, are still read.
func TestBodyMemory(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.Bodies = bodylimit.New(bodylimit.MinTotal, time.Now) })
	create := func(from string, body io.Reader) answer {
		r := httptest.NewRequest("POST", "/api/users", body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Api-Key", f.admin)
		r.RemoteAddr = from + ":4000"
		return f.serve(r)
	}
	const each = 4<<20 - bodylimit.FreeBytes // a little less than the limit of 4 MiB
	var senders []*io.PipeWriter
	var answered []chan answer
	for range bodylimit.MinTotal / 4 / each {
		body, sender := io.Pipe()
		done := make(chan answer, 1)
		go func() { done <- create(clientAddress, body) }()
		// The server reads the second part when it has counted the first one.
		for _, part := range []string{strings.Repeat(" ", each), " "} {
			if _, err := io.WriteString(sender, part); err != nil {
				t.Fatal(err)
			}
		}
		senders, answered = append(senders, sender), append(answered, done)
	}
	large := func() io.Reader { return strings.NewReader(strings.Repeat(" ", 100<<10) + "[]") }
	a := create(clientAddress, large())
	a.want(t, http.StatusServiceUnavailable, account.CodeUnavailable)
	if a.header.Get("Retry-After") == "" || a.header.Get("Connection") != "close" {
		t.Errorf("the headers are %v", a.header)
	}
	if a := create(clientAddress, strings.NewReader("[]")); a.status != http.StatusBadRequest {
		t.Errorf("a small body: %d %s", a.status, a.body)
	}
	if a := create("192.0.2.9", large()); a.status != http.StatusBadRequest {
		t.Errorf("a body from elsewhere: %d %s", a.status, a.body)
	}
	for i, sender := range senders {
		_ = sender.Close()
		<-answered[i]
	}
	if a := create(clientAddress, large()); a.status != http.StatusBadRequest {
		t.Errorf("a body after the others: %d %s", a.status, a.body)
	}
}

// TestRefusedConnection checks that a request on a refused connection gets 503, whatever its path.
func TestRefusedConnection(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) {
		o.Refused = func(r *http.Request) bool { return r.Header.Get("X-Test-Refused") != "" }
	})
	for _, path := range []string{"/api/users/whoami", "/api/none", "/page"} {
		a := f.do(call{path: path, token: f.admin, header: http.Header{"X-Test-Refused": {"yes"}}})
		a.want(t, http.StatusServiceUnavailable, account.CodeUnavailable)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("%s: the answer lacks Retry-After", path)
		}
	}
}

// TestExpectContinue checks that a client that waits for "100 Continue" gets the refusal of its body instead.
func TestExpectContinue(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(f.handler)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	reader := f.as("reader@example.org", f.role())
	tests := []struct {
		method, path, token string
		length, status      int
	}{
		{"POST", "/api/login", "", publicLimit + 1, http.StatusRequestEntityTooLarge},
		{"POST", "/api/users", "", 100, http.StatusUnauthorized},
		{"POST", "/api/users", reader, smallLimit + 1, http.StatusForbidden},
		{"POST", "/api/users", f.admin, 4<<20 + 1, http.StatusRequestEntityTooLarge},
	}
	for _, test := range tests {
		r, err := http.NewRequest(test.method, server.URL+test.path, io.NopCloser(unreadBody{t}))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = int64(test.length)
		r.Header = http.Header{"Expect": {"100-continue"}, "Content-Type": {"application/json"}}
		if test.token != "" {
			r.Header.Set("X-Api-Key", test.token)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Errorf("%s %s: %v", test.method, test.path, err)
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, response.StatusCode, test.status)
		}
	}
}
