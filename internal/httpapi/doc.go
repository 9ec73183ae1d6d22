// Package httpapi serves the contract, api/openapi.yaml, over HTTP. It turns each request into one call of package
// service and the result into the answer of the contract. Package service decides what a caller may do; httpapi
// doesn't.
//
// A request passes these steps in order: request id and log line, route, credential, query and body checks, operation.
// Each resource of the API, such as users or roles, has a handler type in its own file. The operations are the methods
// of these types.
package httpapi
