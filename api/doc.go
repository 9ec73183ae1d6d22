// Package api holds the contract of Usher: openapi.yaml, the one source that the server's types, its request check, the Go
// client and the Python client are made from.
//
// go.overlay.yaml says what the generated Go has otherwise. testdata/UserApi.md is the document that the project was founded
// on; the tests compare the generated Python page with it.
//
// The package imports nothing of the project.
package api
