package contract

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

// readQuery sets op.query and op.strictQuery from the parameters of an operation in the contract.
//
// The seed, the server that Usher replaces, ignored unknown query parameters. Its operations must still do so, even if
// Usher's contract has added parameters to them. The extension x-beyond-seed marks the added parameters.
func (op *Operation) readQuery(parameters openapi3.Parameters) {
	op.query = map[string]*openapi3.Schema{}
	for _, ref := range parameters {
		if p := ref.Value; p.In == openapi3.ParameterInQuery {
			op.query[p.Name] = p.Schema.Value
			op.strictQuery = op.strictQuery || p.Extensions["x-beyond-seed"] != true
		}
	}
}

// CheckQuery checks the query of a request before the generated code decodes it. The details of an error name an
// invalid parameter by the path "/query/<name>".
func (op *Operation) CheckQuery(r *http.Request) error {
	if len(op.query) == 0 {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return account.Invalid(account.Detail{Path: "/query", Message: "must be a query of names and values"})
	}
	var v violations
	for _, name := range slices.Sorted(maps.Keys(op.query)) {
		switch values := query[name]; {
		case len(values) > 1:
			v.add("/query/"+name, "must be given once")
		case len(values) == 1:
			v.checkParameter(op.query[name], values[0], "/query/"+name)
		}
		delete(query, name)
	}
	if op.strictQuery && len(query) > 0 { // the error doesn't repeat the unknown name
		v.add("/query", "has a parameter that is not one of this request")
	}
	if len(v) > 0 {
		return account.Invalid(v...)
	}
	return nil
}

// integerForm matches an integer in a query. Unlike JSON, it allows leading zeros.
var integerForm = regexp.MustCompile(`^-?[0-9]+$`)

// The accepted texts of a Boolean parameter. The capitalised texts are for the generated Python client.
var (
	trueForms  = []string{"true", "True"}
	falseForms = []string{"false", "False"}
)

// checkParameter checks the text of one query parameter against its schema. It converts the text to the type of the
// schema. If it can't, it checks the text as a string, which the schema then refuses as the wrong type.
func (v *violations) checkParameter(schema *openapi3.Schema, text, path string) {
	var value any = text
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		v.add(path, "must be UTF-8 without NUL characters")
		return
	case schema.Type.Is(openapi3.TypeInteger) && integerForm.MatchString(text):
		value = json.Number(text)
	case schema.Type.Is(openapi3.TypeBoolean) && slices.Contains(trueForms, text):
		value = true
	case schema.Type.Is(openapi3.TypeBoolean) && slices.Contains(falseForms, text):
		value = false
	case schema.Format == "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			v.add(path, "must be a time, as 2006-01-02T15:04:05Z")
			return
		}
	}
	v.checkValue(schema, value, path)
}
