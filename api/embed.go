package api

import _ "embed"

// OpenAPI is the contract as it is served at /openapi.yaml: OpenAPI 3.0.3, YAML, UTF-8. Callers must not change it.
//
//go:embed openapi.yaml
var OpenAPI []byte
