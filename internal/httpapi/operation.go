package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
)

// operation is what the contract says of one method of one path.
type operation struct {
	id        string
	public    bool             // needs no credential
	body      *openapi3.Schema // nil: takes none
	bodyLimit int64            // bytes
	maxTokens int              // of JSON in a body
	observe   observer
}

// readContract returns the operations of the contract by "METHOD /path".
func readContract() (map[string]*operation, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	operations := map[string]*operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := &operation{id: op.OperationID, public: op.Security == nil || len(*op.Security) == 0}
			if op.RequestBody != nil {
				body := op.RequestBody.Value
				o.body = body.Content["application/json"].Schema.Value
				limit, ok := body.Extensions["x-body-limit"].(float64)
				if !ok {
					return nil, fmt.Errorf("read the contract: %s has a body without x-body-limit", op.OperationID)
				}
				o.bodyLimit = int64(limit)
				o.maxTokens = tokens(o.body) + spareTokens
			}
			operations[method+" "+path] = o
		}
	}
	return operations, nil
}

// spareTokens is how much more than what the contract allows a body may hold, so
// that faults of a request made in good faith can be told one by one.
const spareTokens = 1000

// tokens returns how many tokens of JSON a value of the schema has at most.
func tokens(s *openapi3.Schema) int {
	n := 1
	for _, field := range s.Properties {
		n += 1 + tokens(field.Value)
	}
	if s.Type.Is(openapi3.TypeObject) {
		n++
	}
	if s.Type.Is(openapi3.TypeArray) && s.MaxItems != nil {
		n += 1 + int(*s.MaxItems)*tokens(s.Items.Value)
	}
	return n
}

// routes collects the handlers of the generated code, wraps each for its
// operation, and answers a known path with a wrong method itself. It is the
// router that the generated code registers with.
type routes struct {
	server     *server
	operations map[string]*operation
	methods    map[string]map[string]http.Handler // path -> method
}

// HandleFunc takes a pattern "METHOD /path".
func (t *routes) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op, ok := t.operations[pattern]
	if !ok {
		panic("httpapi: the generated code has an operation that the contract has not: " + pattern)
	}
	method, path, _ := strings.Cut(pattern, " ")
	if t.methods[path] == nil {
		t.methods[path] = map[string]http.Handler{}
	}
	t.methods[path][method] = t.server.operation(op, handler)
}

// ServeHTTP answers a path that nothing serves.
func (t *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.server.writeError(w, r, noRoute())
}

// register gives the collected routes to a mux.
func (t *routes) register(mux *http.ServeMux) {
	for path, methods := range t.methods {
		if get, ok := methods[http.MethodGet]; ok {
			methods[http.MethodHead] = get
		}
		allow := allowed(methods)
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if h, ok := methods[r.Method]; ok {
				h.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Allow", allow)
			t.server.writeError(w, r, methodNotAllowed())
		})
	}
}

// allowed lists methods for the header Allow (RFC 9110, 10.2.1), sorted.
func allowed(methods map[string]http.Handler) string {
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}
