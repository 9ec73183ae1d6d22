// Package httpapi speaks the contract (api/openapi.yaml) over HTTP: it turns a
// request into a call of account, and what comes back into the answer that the
// contract has. It decides nothing itself.
//
// A request passes, in this order: its id and log line, the route, the
// credential, the body's form and schema, the operation. What an operation needs
// of these is read from the contract when the server starts.
//
// The package imports account, activityfile, access, secret, asset, api (the contract), wire
// (generated from it), kin-openapi, jsontext, the Prometheus client and the
// standard library.
package httpapi
