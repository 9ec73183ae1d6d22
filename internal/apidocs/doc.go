// Package apidocs serves the API documentation at /docs, where a browser shows the contract and sends requests.
//
// All files of the page are embedded. The page works without access to the internet, and no other server learns of a
// visit. It shows /openapi.yaml of the same server through RapiDoc (MIT). scripts/vendor-assets.sh copies RapiDoc
// unchanged into assets/; page/ has Usher's own files.
//
// The package imports the standard library and [asset] only.
package apidocs
