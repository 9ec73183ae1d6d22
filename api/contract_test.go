package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
)

// load parses the contract as the server does and validates it against OpenAPI 3.0, with examples and defaults.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatalf("load the contract: %v", err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatalf("the contract is not valid OpenAPI: %v", err)
	}
	return doc
}

// operation is one operation of the contract: an HTTP method of a path.
type operation struct {
	name string // such as "PATCH /api/users/{id}"
	*openapi3.Operation
}

// operations returns all operations of the contract, sorted by name.
func operations(doc *openapi3.T) []operation {
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{method + " " + path, op})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all
}

func TestContractIsValid(t *testing.T) {
	doc := load(t)
	if got, want := len(operations(doc)), 54; got != want {
		t.Errorf("the contract has %d operations, want %d", got, want)
	}
}

// TestOperationIDs checks that each operation id consists of the path and the method, such as apiUsersIdPatch. The
// server that Usher replaces formed its ids in this way, and its clients have methods with these names.
func TestOperationIDs(t *testing.T) {
	for _, op := range operations(load(t)) {
		method, path, _ := strings.Cut(op.name, " ")
		words := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/-{}", r) })
		want := ""
		for _, word := range append(words, strings.ToLower(method)) {
			want += strings.ToUpper(word[:1]) + word[1:]
		}
		want = strings.ToLower(want[:1]) + want[1:]
		if op.OperationID != want {
			t.Errorf("%s has the id %q, want %q", op.name, op.OperationID, want)
		}
	}
}

// TestBodiesHaveExamples checks that each body has an example and that each example obeys its schema.
func TestBodiesHaveExamples(t *testing.T) {
	for _, op := range operations(load(t)) {
		t.Run(op.name, func(t *testing.T) {
			if op.RequestBody != nil {
				body := op.RequestBody.Value
				checkExamples(t, "request", body.Content, openapi3.VisitAsRequest())
				limit := float64(64 << 10) // a float64, because openapi3 decodes numbers in extensions as float64
				switch {
				case op.Security == nil:
					limit = 16 << 10
				case op.OperationID == "apiUsersIdPatch": // with a picture
					limit = 512 << 10
				case op.OperationID == "apiUsersPost" || op.OperationID == "apiImportsIdRowsPost":
					limit = 4 << 20
				}
				if got := body.Extensions["x-body-limit"]; got != limit {
					t.Errorf("x-body-limit is %v, want %v", got, limit)
				}
			}
			for status, response := range op.Responses.Map() {
				if status == "204" {
					if len(response.Value.Content) != 0 {
						t.Error("204 has a body")
					}
					continue
				}
				if op.OperationID == "apiActivityLogExportGet" && status == "200" {
					checkLines(t, response.Value.Content)
					continue
				}
				checkExamples(t, status, response.Value.Content, openapi3.VisitAsResponse())
			}
		})
	}
}

// checkLines checks that application/x-ndjson is the only media type of content. Each line of its example must be an
// entry of the activity log.
func checkLines(t *testing.T, content openapi3.Content) {
	t.Helper()
	media := content["application/x-ndjson"]
	if media == nil || len(content) != 1 {
		t.Fatal("want application/x-ndjson and no other media type")
	}
	entry := load(t).Components.Schemas["ActivityEntry"].Value
	text, _ := media.Example.(string)
	for line := range strings.Lines(text) {
		var value any
		if err := json.Unmarshal([]byte(line), &value); err != nil {
			t.Fatal(err)
		}
		if err := entry.VisitJSON(value, openapi3.VisitAsResponse()); err != nil {
			t.Errorf("a line of the example violates its schema: %v", err)
		}
	}
	if text == "" {
		t.Error("no example")
	}
}

// checkExamples checks that application/json is the only media type of content, that there is an example, and that all
// examples are valid.
func checkExamples(t *testing.T, name string, content openapi3.Content, as openapi3.SchemaValidationOption) {
	t.Helper()
	media := content["application/json"]
	if media == nil || len(content) != 1 {
		t.Errorf("%s: want application/json and no other media type", name)
		return
	}
	for _, value := range examples(t, media) {
		// A nil value means that there is no example, or that the example is null. In both cases validation fails, unless the
		// schema allows null.
		if err := media.Schema.Value.VisitJSON(value, as); err != nil {
			t.Errorf("%s: an example is missing or violates its schema: %v", name, err)
		}
	}
}

// examples returns the example of a body, or all its named examples. The values have the types that encoding/json
// decodes to.
func examples(t *testing.T, media *openapi3.MediaType) []any {
	t.Helper()
	values := []any{media.Example}
	if len(media.Examples) > 0 {
		values = nil
		for _, example := range media.Examples {
			values = append(values, example.Value.Value)
		}
	}
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatalf("an example is not JSON: %v", err)
	}
	values = nil
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// TestErrorsAreDocumented checks each answer of the contract with a status of 400 or more. The answer must have the
// schema Error. Each of its examples must have the same status, and a code that the table of codes in the contract
// lists for this status. The answers 429 and 503, and no others, must document the header Retry-After.
func TestErrorsAreDocumented(t *testing.T) {
	doc := load(t)
	table := doc.Components.Schemas["Error"].Value.Description
	for _, op := range operations(doc) {
		t.Run(op.name, func(t *testing.T) {
			for status, response := range op.Responses.Map() {
				answer := response.Value
				if answer.Headers["X-Request-Id"] == nil {
					t.Errorf("%s has no X-Request-Id", status)
				}
				if status < "400" {
					continue
				}
				if *answer.Description == "" {
					t.Errorf("%s has no description", status)
				}
				media := answer.Content["application/json"]
				if media == nil || media.Schema.Ref != "#/components/schemas/Error" {
					t.Errorf("%s does not have the schema Error", status)
					continue
				}
				for _, example := range examples(t, media) {
					body, _ := example.(map[string]any)
					row := fmt.Sprintf("| `%v` | %v |", body["error"], body["statusCode"])
					if fmt.Sprint(body["statusCode"]) != status || !strings.Contains(table, row) {
						t.Errorf("%s: the table of codes has no row %q for it", status, row)
					}
				}
				waits := status == fmt.Sprint(http.StatusTooManyRequests) || status == fmt.Sprint(http.StatusServiceUnavailable)
				if (answer.Headers["Retry-After"] != nil) != waits {
					t.Errorf("%s: Retry-After belongs to 429 and 503 only", status)
				}
			}
		})
	}
}

// TestQueryParameters checks that each query parameter is optional, has a description and restricts its values. It also
// checks the mark x-beyond-seed. The seed is the server that Usher replaces. Only the parameters that Usher adds to
// operations of the seed must have the mark. It must be on the first line of a parameter, where
// scripts/python-client.sh looks for it.
func TestQueryParameters(t *testing.T) {
	marked := 0
	for _, op := range operations(load(t)) {
		for _, ref := range op.Parameters {
			p, schema := ref.Value, ref.Value.Schema.Value
			if p.In != openapi3.ParameterInQuery {
				continue
			}
			if p.Required || p.Description == "" {
				t.Errorf("%s: %s is required or has no description", op.name, p.Name)
			}
			bounded := schema.Type.Is(openapi3.TypeBoolean) || schema.Min != nil || schema.MaxLength != nil ||
				schema.Enum != nil || schema.Format == "date-time"
			if !bounded {
				t.Errorf("%s: %s has no bounds", op.name, p.Name)
			}
			isMarked := p.Extensions["x-beyond-seed"] == true
			if isMarked != (op.Tags[0] == "User") {
				t.Errorf("%s: %s: want x-beyond-seed for operations of the tag User, and no others", op.name, p.Name)
			}
			if isMarked {
				marked++
			}
		}
	}
	if lines := strings.Count(string(api.OpenAPI), "\n        - x-beyond-seed: true\n"); lines != marked || marked == 0 {
		t.Errorf("%d parameters are marked, %d of them in their first line", marked, lines)
	}
}

// TestSchemas checks that the object schemas allow no unknown fields and that every field has a description.
func TestSchemas(t *testing.T) {
	schemas := load(t).Components.Schemas
	for name, ref := range schemas {
		schema := ref.Value
		if schema.Description == "" {
			t.Errorf("%s has no description", name)
		}
		closed := schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
		if len(schema.Properties) > 0 && !closed {
			t.Errorf("%s lacks additionalProperties: false", name)
		}
		for field, property := range schema.Properties {
			if property.Value.Description == "" {
				t.Errorf("%s.%s has no description", name, field)
			}
			if property.Value.Format == "password" &&
				(property.Value.Pattern != "" || property.Value.Extensions["x-secret"] != true) {
				t.Errorf("%s.%s is a password: want x-secret and no pattern", name, field)
			}
		}
	}

	// The generated Go code has one type for both schemas, so they must be equal.
	user, details := *schemas["InlineResponse20041"].Value, *schemas["InlineResponse20043"].Value
	user.Extensions, details.Extensions = nil, nil
	if jsonOf(t, user) != jsonOf(t, details) {
		t.Error("InlineResponse20041 and InlineResponse20043 differ in more than the name")
	}

	null := schemas["Object"].Value
	if null.VisitJSON(nil) != nil || null.VisitJSON(map[string]any{}) == nil ||
		null.VisitJSON(map[string]any{"a": 1}) == nil {
		t.Error("Object must allow null only")
	}
}

// jsonOf returns the JSON of a schema. Equal schemas have equal JSON, wherever they are in the contract.
func jsonOf(t *testing.T, schema openapi3.Schema) string {
	t.Helper()
	data, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
