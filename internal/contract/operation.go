package contract

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
)

// Operation is one operation of the contract: an HTTP method of a path.
type Operation struct {
	ID        string // the operationId
	Public    bool   // callable without a credential
	BodyLimit int64  // maximum size of the body in bytes

	query       map[string]*openapi3.Schema // the query parameters by name
	strictQuery bool                        // whether unknown query parameters are an error
	body        *openapi3.Schema            // nil: the operation has no body
	maxTokens   int                         // maximum number of JSON tokens in the body
}

// Operations maps "METHOD /path", such as "GET /api/users/{id}", to the operation of the contract.
type Operations map[string]*Operation

// Read parses the contract that is embedded in the program. Read takes about 20 ms, so call it concurrently with other
// work at the start.
func Read() (Operations, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	operations := Operations{}
	for path, item := range doc.Paths.Map() {
		for method, described := range item.Operations() {
			op := &Operation{ID: described.OperationID, Public: described.Security == nil || len(*described.Security) == 0}
			op.readQuery(described.Parameters)
			if described.RequestBody != nil {
				body := described.RequestBody.Value
				op.body = body.Content["application/json"].Schema.Value
				limit, ok := body.Extensions["x-body-limit"].(float64)
				if !ok {
					return nil, fmt.Errorf("read the contract: %s has a body without x-body-limit", op.ID)
				}
				op.BodyLimit = int64(limit)
				op.maxTokens = schemaTokens(op.body) + spareTokens
			}
			operations[method+" "+path] = op
		}
	}
	return operations, nil
}

// HasBody reports whether requests of the operation have a body. If so, read it with [Operation.ReadBody].
func (op *Operation) HasBody() bool { return op.body != nil }

// spareTokens is the number of JSON tokens that a body may have beyond the largest valid body. So a body with a few
// superfluous values still gets an error that names each of them. A body with more tokens is refused as a whole.
const spareTokens = 1000

// schemaTokens returns the largest number of JSON tokens in a valid value of the schema.
func schemaTokens(s *openapi3.Schema) int {
	n := 1
	for _, field := range s.Properties {
		n += 1 + schemaTokens(field.Value)
	}
	if s.Type.Is(openapi3.TypeObject) {
		n++
	}
	if s.Type.Is(openapi3.TypeArray) && s.MaxItems != nil {
		n += 1 + int(*s.MaxItems)*schemaTokens(s.Items.Value)
	}
	return n
}
