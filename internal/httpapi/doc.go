// Package httpapi serves the contract, api/openapi.yaml, over HTTP. It turns each request into one call of service and
// the result into the contract's answer. It has no rules of its own.
//
// A request passes these steps in order: request id and log line, route, credential, query and body checks, operation.
// The operations are methods of one handler type per noun, in the file of the noun.
//
// The package imports service, account, activityfile, access, secret, asset, api, contract, wire, the Prometheus client and the
// standard library.
package httpapi
