package httpapi

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
)

// operation is what the contract says of one method of one path.
type operation struct {
	id        string
	public    bool // needs no credential
	query     map[string]*openapi3.Schema
	closed    bool             // refuses a query parameter that it does not know
	body      *openapi3.Schema // nil: takes none
	bodyLimit int64            // bytes
	maxTokens int              // of JSON in a body
	observe   observer
}

// Contract has the operations of the API by "METHOD /path", to check requests by them.
type Contract map[string]*operation

// ReadContract reads the contract, which is part of the program, for one call of [New].
// That takes about 20 ms, in which a program may do something else.
func ReadContract() (Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	operations := Contract{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := &operation{id: op.OperationID, public: op.Security == nil || len(*op.Security) == 0}
			o.readQuery(op.Parameters)
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
