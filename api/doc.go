// Package api embeds openapi.yaml, the contract of Usher's HTTP API. The server's types, the types of the Go client and
// the Python client are generated from the contract. The server also reads the contract to check requests.
//
// go.overlay.yaml changes the contract for the generator of the server's Go code. testdata/UserApi.md is the API
// documentation of the Python client for the server that Usher replaces. The tests compare it with the documentation of
// Usher's own Python client.
package api
