// Package api embeds the contract of Usher, openapi.yaml. The server's types and request checks, the Go client and the
// Python client are generated from it or read it.
//
// go.overlay.yaml changes the contract for the Go generators. testdata/UserApi.md is the API document of the seed, the
// server that Usher replaces; the tests compare the generated Python page with it.
//
// The package imports nothing of the project.
package api
