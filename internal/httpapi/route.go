package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// routes is the router that the generated code registers with. It wraps each
// handler for its operation, and answers a known path with a wrong method itself.
//
// http.ServeMux would do but for two things: it refuses /roles/from/{fromId}
// beside /roles/{id}/permissions, which both have /roles/from/permissions, and
// with methods in its patterns /users/password would be the id of a GET.
type routes struct {
	server     *server
	operations map[string]*operation
	root       segment
}

// segment is one place between the slashes of the contract's paths.
type segment struct {
	fixed   map[string]*segment
	any     *segment // a parameter; a fixed segment goes first
	name    string   // of that parameter
	methods map[string]http.Handler
}

// HandleFunc takes a pattern "METHOD /path".
func (t *routes) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op, ok := t.operations[pattern]
	if !ok {
		panic("httpapi: the generated code has an operation that the contract has not: " + pattern)
	}
	method, path, _ := strings.Cut(pattern, " ")
	at := &t.root
	for text := range strings.SplitSeq(path[1:], "/") {
		at = at.add(text)
	}
	if at.methods == nil {
		at.methods = map[string]http.Handler{}
	}
	at.methods[method] = t.server.operation(op, handler)
	if method == http.MethodGet {
		at.methods[http.MethodHead] = at.methods[method]
	}
}

// add returns the segment of a pattern behind s.
func (s *segment) add(text string) *segment {
	if name, ok := strings.CutPrefix(text, "{"); ok {
		if s.any == nil {
			s.any, s.name = &segment{}, strings.TrimSuffix(name, "}")
		}
		return s.any
	}
	if s.fixed == nil {
		s.fixed = map[string]*segment{}
	}
	if s.fixed[text] == nil {
		s.fixed[text] = &segment{}
	}
	return s.fixed[text]
}

// ServeHTTP serves the operations of the contract, and answers every other
// request.
func (t *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	methods := t.find(r)
	if handler, ok := methods[r.Method]; ok {
		handler.ServeHTTP(w, r)
		return
	}
	if methods == nil {
		t.server.writeError(w, r, noRoute())
		return
	}
	w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", ")) // RFC 9110, 10.2.1
	t.server.writeError(w, r, methodNotAllowed())
}

// find returns the methods of a request's path, and sets the values of its
// parameters. It is nil for a path that the contract does not have.
func (t *routes) find(r *http.Request) map[string]http.Handler {
	at := &t.root
	// A path that is written in another way than the usual one may have a %2F, which parts
	// no segments: these are unescaped one by one.
	path, escaped := r.URL.Path, r.URL.RawPath != ""
	if escaped {
		path = r.URL.RawPath
	}
	for value := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if escaped {
			var err error
			if value, err = url.PathUnescape(value); err != nil {
				return nil
			}
		}
		next := at.fixed[value]
		if next == nil && at.any != nil && value != "" {
			r.SetPathValue(at.name, value)
			next = at.any
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return at.methods
}
