package client

// The types of the contract's schemas are in types.gen.go. codegen/overlay.yaml says where they differ from the
// contract.

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../api/openapi.yaml
//go:generate sed -E -i -f codegen/comments.sed types.gen.go
