// Package apidocs serves the API documentation at /docs. On this page, a user can read the contract and send requests
// to the API.
//
// All files of the page are embedded. So the page works without access to the internet and contacts no other server.
// The library RapiDoc (MIT licence) displays /openapi.yaml of the same server. assets/ has an unchanged copy of
// RapiDoc, made by scripts/vendor-assets.sh; page/ has Usher's own files.
package apidocs
