// Package apidocs is the page on which people read the contract and try it in
// a browser. Everything that the page needs is embedded and comes from this
// server: it works without access to the internet, and nobody else learns that
// it was opened.
//
// The page shows /openapi.yaml of the same server through RapiDoc (MIT), which
// scripts/vendor-assets.sh brings into assets/ unchanged. What is ours lies in
// page/. The package imports the standard library and [asset] alone.
package apidocs
