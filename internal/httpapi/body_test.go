package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// forEachBody runs fn as a subtest for each operation that has a body.
func forEachBody(t *testing.T, fn func(t *testing.T, op operation)) {
	for _, op := range operations(t) {
		if op.body() != nil {
			t.Run(op.name, func(t *testing.T) { fn(t, op) })
		}
	}
}

// wantRefused sends c to op as the administrator. It fails the test unless the answer has the status and the error
// code, obeys the contract and doesn't contain marker. The request must not change the database.
func (f *fixture) wantRefused(t *testing.T, op operation, c call, status int, code account.Code) errorBody {
	t.Helper()
	before := f.state()
	c.method, c.path, c.token = op.method, op.at(1), f.admin
	a := f.do(c)
	a.want(t, status, code)
	if a.status != status {
		return errorBody{}
	}
	op.checkAnswer(t, a)
	if strings.Contains(a.body, marker) {
		t.Errorf("the answer repeats the value: %s", a.body)
	}
	if after := f.state(); after != before {
		t.Errorf("the refused body %.200q changed the database", c.body)
	}
	return a.errorBody(t)
}

// marker is a part of the invalid values that the tests send. No error may repeat it, because the value may be a
// password.
const marker = "zq9secret"

// TestSyntax sends bodies with syntax errors: not JSON, more than one value, not UTF-8, duplicate names, NUL
// characters.
func TestSyntax(t *testing.T) {
	f := newFixture(t)
	tests := []struct{ name, body, path string }{
		{"spaces", "  \n", ""},
		{"truncated", `{"` + marker, ""},
		{"truncated text", `{"email":"` + marker, "/email"},
		{"truncated list", `[{"email":"a"`, "/0"},
		{"two values", `{}{}`, ""},
		{"two lists", `[] []`, ""},
		{"text behind", `{} ` + marker, ""},
		{"comma at the end", `{"email":"a",}`, ""},
		{"single quotes", `{'email':'a'}`, ""},
		{"no quotes", `{email:1}`, ""},
		{"comment", `{/* */}`, ""},
		{"byte order mark", "\xEF\xBB\xBF{}", ""},
		{"NaN", `{"email":NaN}`, "/email"},
		{"leading zero", `{"email":01}`, ""},
		{"control character", "{\"email\":\"a\nb\"}", "/email"},
		{"UTF-16", "\xFF\xFE{\x00}\x00", ""},
		{"Latin-1", "{\"email\":\"" + marker + "\xE9\"}", "/email"},
		{"overlong", "{\"email\":\"\xC0\x80\"}", "/email"},
		{"surrogate in UTF-8", "{\"email\":\"\xED\xA0\x80\"}", "/email"},
		{"lone surrogate", `{"email":"` + marker + `\ud800"}`, "/email"},
		{"low surrogate", `{"email":"\udc00"}`, "/email"},
		{"surrogates reversed", `{"email":"\udc00\ud800"}`, "/email"},
		{"NUL", `{"email":"` + marker + `\u0000"}`, "/email"},
		{"raw NUL", "{\"email\":\"\x00\"}", "/email"},
		{"NUL in a list", `[{"name":"a"},{"name":"\u0000"}]`, "/1/name"},
		{"duplicate", `{"email":"a","email":"` + marker + `"}`, "/email"},
		{"duplicate by escape", `{"email":"a","\u0065mail":"b"}`, "/email"},
		{"duplicate in a list", `[{"name":"a","name":"b"}]`, "/0/name"},
		{"duplicate deep", `{"x":{"y":1,"y":2}}`, "/x/y"},
		{"deep lists", strings.Repeat("[", 12_000), ""},
		{"deep objects", strings.Repeat(`{"a":`, 3_000), ""},
		{"deep and closed", strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000), ""},
		{"long name with NUL", `{"` + strings.Repeat(marker, 800) + `":"\u0000"}`, ""},
		{"long name twice", `{"` + strings.Repeat(marker, 800) + `":1,"` + strings.Repeat(marker, 800) + `":1}`, ""},
	}
	forEachBody(t, func(t *testing.T, op operation) {
		for _, test := range tests {
			if len(test.body) > op.bodyLimit() {
				continue
			}
			t.Run(test.name, func(t *testing.T) {
				e := f.wantRefused(t, op, call{body: test.body}, http.StatusBadRequest, account.CodeInvalid)
				if !e.names(test.path) {
					t.Errorf("the details %v do not name %q", e.Details, test.path)
				}
			})
		}
		t.Run("empty", func(t *testing.T) {
			empty := call{header: http.Header{"Content-Type": {"application/json"}}}
			e := f.wantRefused(t, op, empty, http.StatusBadRequest, account.CodeInvalid)
			if !e.names("") {
				t.Errorf("the details are %v", e.Details)
			}
		})
	})
}

// TestMediaType checks that only uncompressed JSON in UTF-8 is accepted.
func TestMediaType(t *testing.T) {
	f := newFixture(t)
	const body = `[{"email":"` + marker + `"}]`
	bad := []http.Header{
		{"Content-Type": nil}, {"Content-Type": {""}}, {"Content-Type": {"text/plain"}}, {"Content-Type": {"text/json"}},
		{"Content-Type": {"application/jsonp"}}, {"Content-Type": {"application/merge-patch+json"}},
		{"Content-Type": {"application/*"}}, {"Content-Type": {"application/x-www-form-urlencoded"}},
		{"Content-Type": {"multipart/form-data; boundary=x"}},
		{"Content-Type": {"application/json; charset=iso-8859-1"}},
		{"Content-Type": {"application/json; charset=utf-16"}},
		{"Content-Type": {`application/json; charset=""`}},
		{"Content-Type": {"application/json; charset=utf-8; charset=utf-16"}},
		{"Content-Type": {"application/json;;"}}, {"Content-Type": {"application/json, text/plain"}},
		{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
		{"Content-Type": {"application/json"}, "Content-Encoding": {"br, gzip"}},
	}
	good := []string{
		"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
		`application/json; charset="utf-8"`, "application/json; version=1",
	}
	forEachBody(t, func(t *testing.T, op operation) {
		for _, header := range bad {
			c := call{body: body, header: header}
			f.wantRefused(t, op, c, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
		}
		for _, value := range good { // accepted as JSON, but the body violates the schema
			c := call{body: `[{"x":1}]`, header: http.Header{"Content-Type": {value}}}
			f.wantRefused(t, op, c, http.StatusBadRequest, account.CodeInvalid)
		}
	})
}

// TestCompressedBody checks that a compressed body without Content-Encoding is refused as invalid JSON.
func TestCompressedBody(t *testing.T) {
	f := newFixture(t)
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(w, `{"email":"a@b.c","password":"x"}`)
	_ = w.Close()
	forEachBody(t, func(t *testing.T, op operation) {
		f.wantRefused(t, op, call{body: compressed.String()}, http.StatusBadRequest, account.CodeInvalid)
	})
}

// TestBodyLimit checks that a body over the limit gets the status 413, with or without Content-Length. The server does
// read a body of exactly the limit.
func TestBodyLimit(t *testing.T) {
	f := newFixture(t)
	forEachBody(t, func(t *testing.T, op operation) {
		limit := op.bodyLimit()
		tooLong := strings.Repeat(" ", limit-6) + `{"x":1}`
		f.wantRefused(t, op, call{body: tooLong}, http.StatusRequestEntityTooLarge, account.CodeTooLarge)

		r := call{method: op.method, path: op.at(1), token: f.admin, body: tooLong}.request()
		r.ContentLength = -1 // unknown, so the body is sent in chunks
		a := f.serve(r)
		a.want(t, http.StatusRequestEntityTooLarge, account.CodeTooLarge)
		op.checkAnswer(t, a)

		// The server reads a body of exactly the limit and then finds that it violates the schema.
		f.wantRefused(t, op, call{body: tooLong[1:]}, http.StatusBadRequest, account.CodeInvalid)
	})
}

// TestContentLengthOverLimit checks that a body is not read if its Content-Length exceeds the limit.
func TestContentLengthOverLimit(t *testing.T) {
	f := newFixture(t)
	forEachBody(t, func(t *testing.T, op operation) {
		r := call{method: op.method, path: op.at(1), token: f.admin, body: "x"}.request()
		r.ContentLength = int64(op.bodyLimit()) + 1
		r.Body = io.NopCloser(unreadBody{t})
		f.serve(r).want(t, http.StatusRequestEntityTooLarge, account.CodeTooLarge)
	})
}

// unreadBody is a body that the server must not read.
type unreadBody struct{ t *testing.T }

func (u unreadBody) Read([]byte) (int, error) {
	u.t.Error("the server reads the body")
	return 0, io.EOF
}

// TestCredentialBeforeBody checks that the server reads no body of a request without a credential.
func TestCredentialBeforeBody(t *testing.T) {
	f := newFixture(t)
	forEachBody(t, func(t *testing.T, op operation) {
		if op.public() {
			return
		}
		r := call{method: op.method, path: op.at(1), body: "x"}.request()
		r.Body = io.NopCloser(unreadBody{t})
		f.serve(r).want(t, http.StatusUnauthorized, account.CodeUnauthorized)
	})
}

// TestBrokenBody checks that a request with a truncated body gets the status 400 and changes nothing.
func TestBrokenBody(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(f.handler)
	defer server.Close()
	before := f.state()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST /api/users HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{", f.admin)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	a.want(t, http.StatusBadRequest, account.CodeInvalid)
	if f.state() != before {
		t.Error("the truncated request changed the database")
	}
}

// TestTooManyUsers checks that one request may create 1000 users. A longer list is refused as too large before its
// users are checked.
func TestTooManyUsers(t *testing.T) {
	f := newFixture(t)
	users := func(n int) string {
		entries := make([]string, n)
		for i := range entries {
			entries[i] = fmt.Sprintf(`{"name":"n","email":"u%d@example.org","password":"%s"}`, i, password)
		}
		return "[" + strings.Join(entries, ",") + "]"
	}
	before := f.state()
	for _, body := range []string{
		users(1001), "[" + strings.Repeat("{},", 1000) + "{}]", "[" + strings.Repeat("1,", 100_000) + "1]",
	} {
		a := f.do(call{method: "POST", path: "/api/users", token: f.admin, body: body})
		a.want(t, http.StatusRequestEntityTooLarge, account.CodeTooLarge)
	}
	if f.state() != before {
		t.Error("a refused request created users")
	}
	a := f.do(call{method: "POST", path: "/api/users", token: f.admin, body: users(1000)})
	var created []struct{ Email string }
	a.decode(t, &created)
	if a.status != http.StatusCreated || len(created) != 1000 || created[999].Email != "u999@example.org" {
		t.Errorf("%d, %d users", a.status, len(created))
	}
}
