package contract

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestRequestSchemas fails if the schema of a request body uses a keyword that is not in known. checkSchema would
// silently ignore a keyword that the methods of violations don't implement.
func TestRequestSchemas(t *testing.T) {
	known := []string{
		"type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minimum", "maximum",
		"minLength", "maxLength", "enum", "format", "oneOf", "pattern", "nullable", "default", "description", "x-go-name",
		"x-secret",
	}
	var check func(schema *openapi3.Schema, path string)
	check = func(schema *openapi3.Schema, path string) {
		var keywords map[string]any
		text, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &keywords); err != nil {
			t.Fatal(err)
		}
		for keyword := range keywords {
			if !slices.Contains(known, keyword) {
				t.Errorf("%s has the keyword %s", path, keyword)
			}
		}
		closed := schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
		if schema.Type.Is(openapi3.TypeObject) && !closed {
			t.Errorf("%s allows unknown fields", path)
		}
		for name, property := range schema.Properties {
			check(property.Value, path+"/"+name)
		}
		if schema.Items != nil {
			check(schema.Items.Value, path+"/0")
		}
		for _, alternative := range schema.OneOf {
			check(alternative.Value, path)
		}
	}
	operations, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	for name, op := range operations {
		if op.HasBody() {
			check(op.body, name+" ")
		}
	}
}

// TestIDOrDigits checks that an id in a permission may be a number or a string of digits. The error for an invalid
// number is about numbers, and the error for an invalid string about strings.
func TestIDOrDigits(t *testing.T) {
	operations, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	schema := operations["PUT /api/roles/{id}/permissions"].body
	for id, want := range map[string]string{
		`18`: "", `"19"`: "", `0`: "must be at least 1",
		`"x"`: "must have the form ^[1-9][0-9]*$", `""`: "must have the form ^[1-9][0-9]*$",
		`"12345678901234567890"`: "must be at most 19 characters long",
		`1.5`:                    "must be an integer of at most 64 bits, written without fraction or exponent",
		`true`:                   "must be an integer or a string",
		`null`:                   "must be an integer or a string",
		`[1]`:                    "must be an integer or a string",
	} {
		got := ""
		err := checkSchema(schema, []byte(`[{"entityName":"user","action":"read","entityIds":[1,`+id+`]}]`))
		if e, ok := err.(*account.Error); ok && e.Details[0].Path == "/0/entityIds/1" {
			got = e.Details[0].Message
		}
		if got != want || (err == nil) != (want == "") {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}
}
