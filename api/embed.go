package api

import _ "embed"

// OpenAPI is the contract that the server serves at /openapi.yaml: OpenAPI 3.0.3, YAML, UTF-8. Callers must not modify
// it.
//
//go:embed openapi.yaml
var OpenAPI []byte
