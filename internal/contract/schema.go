package contract

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

// Limits of the details in one error: their number and the length of each path.
const (
	maxDetails = 100
	maxPath    = 256 // in bytes
)

// checkSchema checks a body against its schema. The body has passed checkSyntax.
func checkSchema(schema *openapi3.Schema, body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // keeps a number as it was sent, without rounding
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
	var v violations
	v.checkValue(schema, value, "")
	if len(v) > 0 {
		return account.Invalid(v...)
	}
	return nil
}

// violations collects the first maxDetails violations of a schema in one request.
//
// A body of one megabyte can have a hundred thousand violations, and openapi3's own check would collect all of them. So
// the methods of violations walk objects and arrays themselves and stop at the limit. They use openapi3 only to check
// single values.
type violations []account.Detail

func (v *violations) add(path, message string) {
	*v = append(*v, account.Detail{Path: path, Message: message})
}

func (v *violations) full() bool { return len(*v) >= maxDetails }

// checkValue checks a decoded value; path is the JSON pointer to it (RFC 6901).
func (v *violations) checkValue(schema *openapi3.Schema, value any, path string) {
	if len(schema.OneOf) > 0 {
		v.checkOneOf(schema, value, path)
		return
	}
	switch typed := value.(type) {
	case map[string]any:
		if schema.Type.Is(openapi3.TypeObject) {
			v.checkObject(schema, typed, path)
			return
		}
	case []any:
		if schema.Type.Is(openapi3.TypeArray) {
			v.checkArray(schema, typed, path)
			return
		}
	case json.Number:
		if schema.Type.Is(openapi3.TypeInteger) {
			v.checkInteger(schema, typed, path)
			return
		}
	}
	if err := schema.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
		v.add(path, expectation(schema, err))
	}
}

func (v *violations) checkObject(schema *openapi3.Schema, object map[string]any, path string) {
	tooLong := false
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if v.full() {
			return
		}
		fieldPath := path + "/" + pointerEscaper.Replace(name)
		if field, known := schema.Properties[name]; known {
			v.checkValue(field.Value, object[name], fieldPath)
		} else if len(fieldPath) <= maxPath {
			v.add(fieldPath, "is not a field of this request")
		} else if !tooLong { // the error doesn't repeat the long name
			tooLong = true
			v.add(path, "has a field that is not one of this request")
		}
	}
	for _, name := range schema.Required {
		if _, given := object[name]; !given && !v.full() {
			v.add(path+"/"+name, "is required")
		}
	}
}

// pointerEscaper escapes a name for a JSON pointer (RFC 6901, section 3).
var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

func (v *violations) checkArray(schema *openapi3.Schema, entries []any, path string) {
	switch n := uint64(len(entries)); {
	case n < schema.MinItems:
		v.add(path, fmt.Sprintf("must have at least %d entries", schema.MinItems))
	case schema.MaxItems != nil && n > *schema.MaxItems:
		v.add(path, fmt.Sprintf("must have at most %d entries", *schema.MaxItems))
	default:
		for i, entry := range entries {
			if v.full() {
				return
			}
			v.checkValue(schema.Items.Value, entry, path+"/"+strconv.Itoa(i))
		}
	}
}

// checkOneOf checks a value against the oneOf alternative that has the value's type. In the contract, the alternatives
// of one schema always have different types.
func (v *violations) checkOneOf(schema *openapi3.Schema, value any, path string) {
	names := make([]string, len(schema.OneOf))
	for i, ref := range schema.OneOf {
		_, isText := value.(string)
		_, isNumber := value.(json.Number)
		if t := ref.Value.Type; t.Is(openapi3.TypeString) && isText || t.Is(openapi3.TypeInteger) && isNumber {
			v.checkValue(ref.Value, value, path)
			return
		}
		names[i] = typeName(ref.Value)
	}
	v.add(path, "must be "+strings.Join(names, " or "))
}

// checkInteger checks an integer and its bounds. It refuses numbers that strconv can't parse as int64, although JSON
// counts them as integers: 1.0, 1e3 and numbers beyond 64 bits.
func (v *violations) checkInteger(schema *openapi3.Schema, number json.Number, path string) {
	switch n, err := number.Int64(); {
	case err != nil:
		v.add(path, "must be an integer of at most 64 bits, written without fraction or exponent")
	case schema.Min != nil && float64(n) < *schema.Min:
		v.add(path, fmt.Sprintf("must be at least %v", *schema.Min))
	case schema.Max != nil && float64(n) > *schema.Max:
		v.add(path, fmt.Sprintf("must be at most %v", *schema.Max))
	}
}

// expectation describes the value that the contract expects. The server can't send openapi3's own messages, because
// they repeat the invalid value.
func expectation(s *openapi3.Schema, err error) string {
	violation, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return "is not what the contract expects"
	}
	switch violation.SchemaField {
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

// typeName returns the type of a schema in words, such as "an integer or null".
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
