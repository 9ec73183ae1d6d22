package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/contract"
)

// router routes requests to the contract's operations. The generated code registers its handlers with it.
//
// http.ServeMux can't serve the contract for two reasons. It refuses /roles/from/{fromId} next to
// /roles/{id}/permissions, because both match /roles/from/permissions. And with methods in its patterns,
// GET /users/password would match GET /users/{id}, although the contract has /users/password with another method.
type router struct {
	server     *server
	operations contract.Operations
	root       segment
}

// segment is a node of the tree of the contract's paths.
type segment struct {
	literals      map[string]*segment
	parameter     *segment // matches any value, if no literal does
	parameterName string
	methods       map[string]http.Handler // nil: the segment is not the last of a path
}

// HandleFunc registers a handler of the generated code under "METHOD /path". It panics if the contract lacks the
// operation.
func (t *router) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	op, ok := t.operations[pattern]
	if !ok {
		panic("httpapi: the contract lacks an operation of the generated code: " + pattern)
	}
	method, path, _ := strings.Cut(pattern, " ")
	node := &t.root
	for text := range strings.SplitSeq(path[1:], "/") {
		node = node.child(text)
	}
	if node.methods == nil {
		node.methods = map[string]http.Handler{}
	}
	node.methods[method] = t.server.checked(&route{op: op, observe: t.server.metrics.observer(op.ID)}, handler)
	if method == http.MethodGet {
		node.methods[http.MethodHead] = node.methods[method]
	}
}

// child returns the child of s for the next segment of a pattern, and adds it if needed.
func (s *segment) child(text string) *segment {
	if name, ok := strings.CutPrefix(text, "{"); ok {
		if s.parameter == nil {
			s.parameter, s.parameterName = &segment{}, strings.TrimSuffix(name, "}")
		}
		return s.parameter
	}
	if s.literals == nil {
		s.literals = map[string]*segment{}
	}
	if s.literals[text] == nil {
		s.literals[text] = &segment{}
	}
	return s.literals[text]
}

// ServeHTTP serves the contract's operations. It answers 405 for another method of a known path, and 404 otherwise.
func (t *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

// find returns the handlers of a request's path by method and sets the request's path values. It returns nil for a
// path that the contract doesn't have.
func (t *router) find(r *http.Request) map[string]http.Handler {
	node := &t.root
	// RawPath is set if the path has an unusual encoding, such as %2F. An escaped slash separates no segments, so the
	// segments are unescaped one by one.
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
		next := node.literals[value]
		if next == nil && node.parameter != nil && value != "" {
			r.SetPathValue(node.parameterName, value)
			next = node.parameter
		}
		if next == nil {
			return nil
		}
		node = next
	}
	return node.methods
}
