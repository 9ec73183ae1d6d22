// Package contract reads the contract, api/openapi.yaml, and checks requests against it.
//
// [Read] runs once, when the server starts. Each [Operation] then checks its requests in this order: query, media type,
// body size, JSON syntax, schema. Code that runs after these checks can rely on the form of its input, but not on the
// meaning: an id may not exist. Errors never repeat a value from the request, because the value may be a password.
package contract
