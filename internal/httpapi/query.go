package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// readQuery notes the query parameters that the contract gives an operation. One
// that has only such as were added to an operation of the seed goes on to ignore
// what it does not know.
func (op *operation) readQuery(parameters openapi3.Parameters) {
	op.query = map[string]*openapi3.Schema{}
	for _, ref := range parameters {
		if p := ref.Value; p.In == openapi3.ParameterInQuery {
			op.query[p.Name] = p.Schema.Value
			op.closed = op.closed || p.Extensions["x-beyond-seed"] != true
		}
	}
}

// checkQuery checks the query of a request, as a body is checked, before the
// generated code reads it. A place in it is told as "/query/<name>".
func (op *operation) checkQuery(r *http.Request) error {
	if len(op.query) == 0 {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return account.Invalid(account.Detail{Path: "/query", Message: "must be a query of names and values"})
	}
	var f faults
	for _, name := range slices.Sorted(maps.Keys(op.query)) {
		switch values := query[name]; {
		case len(values) > 1:
			f.add("/query/"+name, "must be given once")
		case len(values) == 1:
			f.inParameter(op.query[name], values[0], "/query/"+name)
		}
		delete(query, name)
	}
	if op.closed && len(query) > 0 { // a name is not sent back
		f.add("/query", "has a parameter that is not one of this request")
	}
	if len(f) > 0 {
		return account.Invalid(f...)
	}
	return nil
}

// digits is the form of an integer, as JSON has it but for leading zeros.
var digits = regexp.MustCompile(`^-?[0-9]+$`)

// The forms of a truth value: that of JSON, and that of Python, which the
// generated Python client sends.
var (
	truths   = []string{"true", "True"}
	untruths = []string{"false", "False"}
)

// inParameter looks for faults in the text of a parameter.
func (f *faults) inParameter(schema *openapi3.Schema, text, path string) {
	var value any = text // what has another form is of the wrong type
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		f.add(path, "must be UTF-8 without NUL characters")
		return
	case schema.Type.Is(openapi3.TypeInteger) && digits.MatchString(text):
		value = json.Number(text)
	case schema.Type.Is(openapi3.TypeBoolean) && slices.Contains(truths, text):
		value = true
	case schema.Type.Is(openapi3.TypeBoolean) && slices.Contains(untruths, text):
		value = false
	case schema.Format == "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			f.add(path, "must be a time, as 2006-01-02T15:04:05Z")
			return
		}
	}
	f.inValue(schema, value, path)
}
