// Package contract reads the contract, api/openapi.yaml, and checks requests against it.
//
// [Read] runs once, when the server starts. Each [Operation] then checks its requests in this order: query, media type,
// body size, JSON syntax, schema. Code behind these checks may trust the form of its input, and the form alone.
// No error repeats a value of a request, because the value may be a password.
//
// The package imports account, api, kin-openapi, jsontext and the standard library.
package contract
