package modeltest_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"pgregory.net/rapid"
)

// object is a JSON object, in a request or in an answer.
type object = map[string]any

// expected is the answer that the model predicts.
type expected struct {
	status int
	body   any      // body of a successful answer; nil: no body
	null   bool     // the body is the JSON value null
	code   string   // code of an error
	paths  []string // the paths of the error's details, in any order
}

func ok(body any) *expected      { return &expected{status: http.StatusOK, body: body} }
func created(body any) *expected { return &expected{status: http.StatusCreated, body: body} }
func null() *expected            { return &expected{status: http.StatusOK, null: true} }
func noContent() *expected       { return &expected{status: http.StatusNoContent} }

func invalid(paths ...string) *expected {
	return &expected{status: http.StatusBadRequest, code: "INVALID_PAYLOAD_FORMAT", paths: paths}
}

func conflict(code string, paths ...string) *expected {
	return &expected{status: http.StatusConflict, code: code, paths: paths}
}

func unauthorized() *expected {
	return &expected{status: http.StatusUnauthorized, code: "UNAUTHORIZED"}
}

func refused(code string, paths ...string) *expected {
	return &expected{status: http.StatusForbidden, code: code, paths: paths}
}

func forbidden() *expected { return refused("FORBIDDEN") }

func notFound() *expected { return &expected{status: http.StatusNotFound, code: "NOT_FOUND"} }

func tooMany() *expected {
	return &expected{status: http.StatusTooManyRequests, code: "TOO_MANY_REQUESTS"}
}

// text returns the expected answer as JSON, for the messages of the test.
func (e *expected) text() string {
	switch {
	case e.code != "":
		return jsonOf(object{"error": e.code, "details": e.paths})
	case e.body == nil && !e.null:
		return ""
	}
	return jsonOf(e.body)
}

// compare fails the test unless got, the server's answer, equals want, the model's. label describes the request in
// messages.
func compare(t *rapid.T, label string, got answer, want *expected) {
	t.Helper()
	if !want.matches(got) {
		t.Fatalf("%s\n  the server answered %d %s\n  the model answers   %d %s",
			label, got.status, got.text, want.status, want.text())
	}
}

func (e *expected) matches(got answer) bool {
	if got.status != e.status {
		return false
	}
	if e.code == "" {
		return reflect.DeepEqual(got.body, decoded(e.body)) && (got.text != "" || !e.null && e.body == nil)
	}
	var paths []string
	details, _ := got.at("details").([]any)
	for i := range details {
		paths = append(paths, got.string("details", i, "path"))
	}
	slices.Sort(paths)
	return got.string("error") == e.code && got.id("statusCode") == int64(e.status) &&
		slices.Equal(paths, slices.Sorted(slices.Values(e.paths)))
}

// decoded encodes v as JSON and decodes it again, so that it has the same Go types as the server's decoded answer.
func decoded(v any) (out any) {
	if err := json.Unmarshal([]byte(jsonOf(v)), &out); err != nil {
		panic(err)
	}
	return out
}
