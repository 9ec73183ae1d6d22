package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Limits of what is told of the faults of one body.
const (
	maxDetails = 100
	maxPath    = 256 // bytes of the place of one
)

// readBody reads the body of a request and checks it, before any code that
// trusts it: media type, size, syntax, schema. No failure holds anything of the
// body, which may be a password.
func (op *operation) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkMediaType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > op.bodyLimit {
		return nil, op.tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.bodyLimit))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, op.tooLarge()
	}
	if err != nil {
		return nil, account.Invalid(account.Detail{Message: "could not be read to its end"})
	}
	if err := checkSyntax(body); err != nil {
		return nil, err
	}
	return body, checkSchema(op.body, body)
}

func (op *operation) tooLarge() error {
	return &account.Error{
		Code:    account.CodeTooLarge,
		Message: fmt.Sprintf("The body may have %d bytes at most.", op.bodyLimit),
	}
}

// checkMediaType wants JSON in UTF-8 that is not compressed.
func checkMediaType(r *http.Request) error {
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, given := parameters["charset"]
	if err != nil || media != "application/json" || given && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
		return &account.Error{Code: codeUnsupportedMedia, Message: "The body must be application/json in UTF-8, not compressed."}
	}
	return nil
}

// checkSyntax wants exactly one JSON value (RFC 8259) in valid UTF-8, with no
// object that has a name twice and no NUL character in any text.
func checkSyntax(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	for depth, first := 0, true; first || depth > 0; first = false {
		token, err := decoder.ReadToken()
		if err != nil {
			return syntaxFault(decoder, err)
		}
		switch token.Kind() {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if strings.ContainsRune(token.String(), 0) {
				return account.Invalid(account.Detail{Path: string(decoder.StackPointer()), Message: "must not have NUL characters"})
			}
		}
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return account.Invalid(account.Detail{Message: "must be one JSON value, with nothing behind it"})
	}
	return nil
}

func syntaxFault(decoder *jsontext.Decoder, err error) error {
	detail := account.Detail{Path: string(decoder.StackPointer()), Message: "must be valid JSON in UTF-8"}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		detail.Path = string(syntax.JSONPointer)
		detail.Message = fmt.Sprintf("must be valid JSON in UTF-8; the fault is at byte %d", syntax.ByteOffset)
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		detail.Message = "must be given once"
	case errors.Is(err, io.EOF):
		detail.Message = "must be a JSON value, and the body is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		detail.Message = "must be valid JSON, and the body ends in the middle of it"
	}
	if len(detail.Path) > maxPath {
		detail.Path = ""
	}
	return account.Invalid(detail)
}

// checkSchema checks a body of valid syntax against the contract.
func checkSchema(schema *openapi3.Schema, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return account.Invalid(account.Detail{Message: "must be valid JSON"})
	}
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest())
	if err == nil {
		return nil
	}
	var details []account.Detail
	for _, fault := range schemaFaults(err) {
		if fault.SchemaField == "maxItems" && len(fault.JSONPointer()) == 0 {
			return &account.Error{
				Code:    account.CodeTooLarge,
				Message: fmt.Sprintf("The array may have %d entries at most.", *fault.Schema.MaxItems),
			}
		}
		for _, d := range faultDetails(fault) {
			if len(details) < maxDetails && !slices.Contains(details, d) {
				details = append(details, d)
			}
		}
	}
	return account.Invalid(details...)
}

// faultDetails tells where a fault is and what is expected there. The schema
// check reports an unknown field at the object that has it; it is told by its
// own name.
func faultDetails(fault *openapi3.SchemaError) []account.Detail {
	path := fault.JSONPointer()
	object, ok := fault.Value.(map[string]any)
	if !ok || fault.SchemaField != "properties" && fault.SchemaField != "additionalProperties" {
		return []account.Detail{{Path: pointer(path), Message: expectation(fault)}}
	}
	var details []account.Detail
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, known := fault.Schema.Properties[name]; known {
			continue
		}
		d := account.Detail{Path: pointer(append(slices.Clone(path), name)), Message: "is not a field of this request"}
		if len(d.Path) > maxPath { // a hostile name is not sent back
			d = account.Detail{Path: pointer(path), Message: "has a field that is not one of this request"}
		}
		if details = append(details, d); len(details) == maxDetails {
			break
		}
	}
	return details
}

// schemaFaults returns the single faults in what the schema check returned.
func schemaFaults(err error) []*openapi3.SchemaError {
	switch e := err.(type) {
	case openapi3.MultiError:
		var faults []*openapi3.SchemaError
		for _, inner := range e {
			faults = append(faults, schemaFaults(inner)...)
		}
		return faults
	case *openapi3.SchemaError:
		return []*openapi3.SchemaError{e}
	}
	return []*openapi3.SchemaError{{Schema: &openapi3.Schema{}}}
}

// pointer writes a path as a JSON pointer (RFC 6901).
func pointer(path []string) string {
	var b strings.Builder
	for _, name := range path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return b.String()
}

// expectation says in our own words what the contract expects where a fault is:
// those of the schema check show the value.
func expectation(fault *openapi3.SchemaError) string {
	s := fault.Schema
	switch fault.SchemaField {
	case "type", "nullable":
		return "must be " + typeName(s)
	case "required":
		return "is required"
	case "minLength":
		if s.MinLength == 1 {
			return "must not be empty"
		}
		return fmt.Sprintf("must be at least %d characters long", s.MinLength)
	case "maxLength":
		return fmt.Sprintf("must be at most %d characters long", *s.MaxLength)
	case "minItems":
		return fmt.Sprintf("must have at least %d entries", s.MinItems)
	case "maxItems":
		return fmt.Sprintf("must have at most %d entries", *s.MaxItems)
	case "minimum":
		return fmt.Sprintf("must be at least %v", *s.Min)
	case "maximum":
		return fmt.Sprintf("must be at most %v", *s.Max)
	case "enum":
		return fmt.Sprintf("must be one of %v", s.Enum)
	case "format":
		return "must be " + typeName(s) + " of the format " + s.Format
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

// decodeFault is the failure of a body that has the right schema and a number
// that Go's types have not: 1e400, or an integer beyond 64 bits.
func decodeFault(err error) error {
	detail := account.Detail{Message: "has a value that cannot be read"}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		detail.Path = "/" + strings.ReplaceAll(e.Field, ".", "/")
		detail.Message = "must be a number of at most 64 bits, written without fraction or exponent"
	}
	return account.Invalid(detail)
}
