package httpapi_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
)

// operation is one method of one path of the contract.
type operation struct {
	name, method, path string // name is "PATCH /api/users/{id}"
	*openapi3.Operation
}

// operations returns the operations of the contract, api/openapi.yaml, sorted by name.
func operations(t testing.TB) []operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{method + " " + path, method, path, op})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return cmp.Compare(a.name, b.name) })
	return all
}

// public reports whether the operation needs no credential.
func (op operation) public() bool { return op.Security == nil }

// body returns the schema of the request body, or nil.
func (op operation) body() *openapi3.Schema {
	if op.RequestBody == nil {
		return nil
	}
	return op.RequestBody.Value.Content["application/json"].Schema.Value
}

// example returns a copy of the request body that the contract gives as an example.
func (op operation) example() (value any) {
	original := op.RequestBody.Value.Content["application/json"].Example
	if err := json.Unmarshal([]byte(jsonOf(original)), &value); err != nil {
		panic(err)
	}
	return value
}

func (op operation) bodyLimit() int {
	return int(op.RequestBody.Value.Extensions["x-body-limit"].(float64))
}

// at returns the path of the operation with id in place of the parameter, such as {id}.
func (op operation) at(id int64) string {
	text := strconv.FormatInt(id, 10)
	return strings.NewReplacer("{id}", text, "{fromId}", text).Replace(op.path)
}

// checkAnswer fails the test unless the status, the media type and the body of the answer obey the contract. Each
// object in a successful answer must have all fields of its schema.
func (op operation) checkAnswer(t testing.TB, a answer) {
	t.Helper()
	status := strconv.Itoa(a.status)
	response := op.Responses.Value(status)
	if response == nil {
		t.Errorf("the contract has no answer %s of %s", status, op.name)
		return
	}
	for _, name := range []string{"X-Request-Id", "Retry-After"} {
		if response.Value.Headers[name] != nil && a.header.Get(name) == "" {
			t.Errorf("the answer %s of %s lacks the header %s", status, op.name, name)
		}
	}
	if len(response.Value.Content) == 0 {
		if a.body != "" || a.header.Get("Content-Type") != "" {
			t.Errorf("%s %s has a body %q of type %q", op.name, status, a.body, a.header.Get("Content-Type"))
		}
		return
	}
	want := slices.Collect(maps.Keys(response.Value.Content))[0]
	if got := a.header.Get("Content-Type"); got != want {
		t.Errorf("%s %s has the Content-Type %q, want %q", op.name, status, got, want)
	}
	if want != "application/json" {
		return
	}
	var value any
	a.decode(t, &value)
	schema := response.Value.Content["application/json"].Schema.Value
	if err := schema.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.EnableFormatValidation()); err != nil {
		t.Errorf("%s %s violates the contract: %v", op.name, status, err)
	}
	if a.status < 400 {
		checkComplete(t, schema, value, "")
	}
}

// checkComplete fails the test unless every object in value has every field of its schema. The server must send an
// unset field as null and not omit it.
func checkComplete(t testing.TB, schema *openapi3.Schema, value any, path string) {
	t.Helper()
	switch v := value.(type) {
	case []any:
		if schema.Items == nil { // the contract allows any elements
			return
		}
		for i, entry := range v {
			checkComplete(t, schema.Items.Value, entry, path+"/"+strconv.Itoa(i))
		}
	case map[string]any:
		got, want := slices.Sorted(maps.Keys(v)), slices.Sorted(maps.Keys(schema.Properties))
		if !slices.Equal(got, want) {
			t.Errorf("%s has the fields %q, want %q", path, got, want)
		}
		for name, property := range schema.Properties {
			checkComplete(t, property.Value, v[name], path+"/"+name)
		}
	}
}
