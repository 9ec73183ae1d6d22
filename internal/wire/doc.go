// Package wire has the Go types for the schemas of the contract, api/openapi.yaml, and the interface that the server
// implements to serve its operations.
//
// wire.gen.go is generated from the contract and api/go.overlay.yaml. After a change of one of these files, run
// scripts/generate.sh.
package wire
