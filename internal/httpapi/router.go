package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/contract"
)

// writingGETs are the ids of the GET operations that write to the database, which the contract has for compatibility.
// They have no HEAD: clients, scanners and caches send HEAD to look at a resource without any effect.
var writingGETs = map[string]bool{
	"apiApiKeyGet": true, // records that the key was read
	"apiSamlConfigurationGenerateCertificateGet": true,
}

// router routes requests to the contract's operations. The generated code registers a handler for each operation with
// HandleFunc.
//
// http.ServeMux can't serve the contract for two reasons. First, it refuses /roles/from/{fromId} next to
// /roles/{id}/permissions, because both match /roles/from/permissions. Second, the contract has /users/password for
// PATCH only: ServeMux would pass GET /users/password to GET /users/{id} instead of answering 405.
type router struct {
	server     *server
	operations contract.Operations
	root       segment
}

// segment is a node of a tree that has all paths of the contract. Each level of the tree is one segment of the path.
type segment struct {
	literals      map[string]*segment
	parameter     *segment // matches any segment that is not in literals
	parameterName string
	methods       map[string]http.Handler // handlers by method; nil: no path of the contract ends here
}

// HandleFunc registers a handler of the generated code under a pattern of the form "METHOD /path". It panics if the
// contract has no operation with this method and path.
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
	node.methods[method] = t.server.checked(&route{
		op: op, observe: t.server.metrics.observer(op.ID), mayExceed: mayExceed(op.ID, op.BodyLimit),
	}, handler)
	if method == http.MethodGet && !writingGETs[op.ID] {
		node.methods[http.MethodHead] = node.methods[method]
	}
}

// child returns the child of s for text, a segment of a pattern. If there is no such child, it adds one.
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

// ServeHTTP passes a request to the operation with its path and method. It answers 404 for an unknown path, and 405 for
// a known path without the method.
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

// find returns the handlers for the path of a request, by method, and sets the path values of the request. It returns
// nil if the contract doesn't have the path.
func (t *router) find(r *http.Request) map[string]http.Handler {
	node := &t.root
	// RawPath is set if the path has an unusual encoding, such as %2F. An escaped slash belongs to its segment and doesn't
	// end it. So the path is split first, and each segment is unescaped afterwards.
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
