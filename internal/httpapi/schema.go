package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Limits of what is told of the faults of one body.
const (
	maxDetails = 100
	maxPath    = 256 // bytes of the place of one
)

// checkSchema checks a body of valid syntax against the contract.
func checkSchema(schema *openapi3.Schema, body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // a number is checked as it is written, not rounded
	var value any
	if err := decoder.Decode(&value); err != nil {
		return account.Invalid(account.Detail{Message: "must be valid JSON"})
	}
	if entries, ok := value.([]any); ok && schema.MaxItems != nil && uint64(len(entries)) > *schema.MaxItems {
		return &account.Error{
			Code:    account.CodeTooLarge,
			Message: fmt.Sprintf("The array may have %d entries at most.", *schema.MaxItems),
		}
	}
	var f faults
	f.inValue(schema, value, "")
	if len(f) > 0 {
		return account.Invalid(f...)
	}
	return nil
}

// faults are what is wrong with a body, the first maxDetails of it. The schema
// check of the library gathers every fault there is, and a body of a megabyte
// has room for a hundred thousand; so objects and arrays are walked here, up to
// that many, and it judges single values.
type faults []account.Detail

func (f *faults) add(path, message string) {
	*f = append(*f, account.Detail{Path: path, Message: message})
}

func (f *faults) enough() bool { return len(*f) >= maxDetails }

// inValue looks for faults in a value; path is the JSON pointer to it (RFC 6901).
func (f *faults) inValue(schema *openapi3.Schema, value any, path string) {
	if len(schema.OneOf) > 0 {
		f.inOneOf(schema, value, path)
		return
	}
	switch v := value.(type) {
	case map[string]any:
		if schema.Type.Is(openapi3.TypeObject) {
			f.inObject(schema, v, path)
			return
		}
	case []any:
		if schema.Type.Is(openapi3.TypeArray) {
			f.inArray(schema, v, path)
			return
		}
	case json.Number:
		if schema.Type.Is(openapi3.TypeInteger) {
			f.inInteger(schema, v, path)
			return
		}
	}
	if err := schema.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
		f.add(path, expectation(schema, err))
	}
}

func (f *faults) inObject(schema *openapi3.Schema, object map[string]any, path string) {
	hostile := false
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if f.enough() {
			return
		}
		place := path + "/" + escape.Replace(name)
		if field, known := schema.Properties[name]; known {
			f.inValue(field.Value, object[name], place)
		} else if len(place) <= maxPath {
			f.add(place, "is not a field of this request")
		} else if !hostile { // its name is not sent back
			hostile = true
			f.add(path, "has a field that is not one of this request")
		}
	}
	for _, name := range schema.Required {
		if _, given := object[name]; !given && !f.enough() {
			f.add(path+"/"+name, "is required")
		}
	}
}

// escape writes a name as a JSON pointer has it.
var escape = strings.NewReplacer("~", "~0", "/", "~1")

func (f *faults) inArray(schema *openapi3.Schema, entries []any, path string) {
	switch n := uint64(len(entries)); {
	case n < schema.MinItems:
		f.add(path, fmt.Sprintf("must have at least %d entries", schema.MinItems))
	case schema.MaxItems != nil && n > *schema.MaxItems:
		f.add(path, fmt.Sprintf("must have at most %d entries", *schema.MaxItems))
	default:
		for i, entry := range entries {
			if f.enough() {
				return
			}
			f.inValue(schema.Items.Value, entry, path+"/"+strconv.Itoa(i))
		}
	}
}

// inOneOf checks a value against the alternative of its type; no two alternatives
// have the same.
func (f *faults) inOneOf(schema *openapi3.Schema, value any, path string) {
	names := make([]string, len(schema.OneOf))
	for i, ref := range schema.OneOf {
		_, isText := value.(string)
		_, isNumber := value.(json.Number)
		if t := ref.Value.Type; t.Is(openapi3.TypeString) && isText || t.Is(openapi3.TypeInteger) && isNumber {
			f.inValue(ref.Value, value, path)
			return
		}
		names[i] = typeName(ref.Value)
	}
	f.add(path, "must be "+strings.Join(names, " or "))
}

// inInteger also refuses what is an integer to JSON and not to Go: 1.0, 1e3 and
// what 64 bits do not hold.
func (f *faults) inInteger(schema *openapi3.Schema, number json.Number, path string) {
	switch n, err := number.Int64(); {
	case err != nil:
		f.add(path, "must be an integer of at most 64 bits, written without fraction or exponent")
	case schema.Min != nil && float64(n) < *schema.Min:
		f.add(path, fmt.Sprintf("must be at least %v", *schema.Min))
	case schema.Max != nil && float64(n) > *schema.Max:
		f.add(path, fmt.Sprintf("must be at most %v", *schema.Max))
	}
}

// expectation says in our own words what the contract expects where a value is
// at fault: those of the library show the value.
func expectation(s *openapi3.Schema, err error) string {
	fault, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return "is not what the contract expects"
	}
	switch fault.SchemaField {
	case "type", "nullable":
		return "must be " + typeName(s)
	case "minLength":
		if s.MinLength == 1 {
			return "must not be empty"
		}
		return fmt.Sprintf("must be at least %d characters long", s.MinLength)
	case "maxLength":
		return fmt.Sprintf("must be at most %d characters long", *s.MaxLength)
	case "pattern":
		return "must have the form " + s.Pattern
	case "enum":
		return fmt.Sprintf("must be one of %v", s.Enum)
	}
	return "is not what the contract expects"
}

// typeName is the type that a schema wants, with its article.
func typeName(s *openapi3.Schema) string {
	names := map[string]string{
		"string": "a string", "integer": "an integer", "number": "a number",
		"boolean": "true or false", "array": "an array", "object": "an object",
	}
	name := "of another type"
	if s.Type != nil && len(*s.Type) == 1 {
		name = names[(*s.Type)[0]]
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}
