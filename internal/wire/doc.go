// Package wire has the server's Go types of the contract, api/openapi.yaml, and the interface of its operations.
//
// wire.gen.go is generated from the contract and api/go.overlay.yaml: run scripts/generate.sh after a change of either.
// The package imports the standard library and the runtime of oapi-codegen alone.
package wire
