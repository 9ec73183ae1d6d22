// Package client calls an Usher server: sign-in and sign-out, users and their
// roles, passwords, imports, API keys, settings, the activity log and the outbox
// of mail.
//
//	c, err := client.New("https://usher.example.com")
//	...
//	session, err := c.Login(ctx, "ada@example.com", password)
//	...
//	c = c.WithToken(session.Token)
//	me, err := c.Whoami(ctx)
//	...
//	users, err := c.Users.List(ctx)
//
// The fields of [Client] are services, one for each resource. A service uses the token
// of its client. The methods are named List, Get, Create, Update and Delete, or by an
// action on the resource, such as [SessionsService.End].
//
// # Credentials
//
// A client has at most one token: a session token from [Client.Login], or an API key.
// Login does not change the client; [Client.WithToken] returns a client that uses the
// new token. The package logs nothing, and no error and no printed client contains
// a token. The client sends its token only to the server of the base URL, because it
// does not follow redirects. A base URL with plain HTTP is refused unless the host is
// this machine; see [WithInsecureHTTP].
//
// # Errors
//
// An answer with a status outside 200 to 299 is an [*Error], which [errors.As] finds.
// [errors.Is] also finds the [Code] that identifies the failure:
//
//	if errors.Is(err, client.CodeNotFound) { ... }
//
// All other errors mean that there was no answer, or that the answer is not from Usher.
// If a context has ended, [errors.Is] finds the error of the context.
//
// # Retries
//
// The client retries a request only if it cannot change data twice:
//
//   - The server answers any request with 429 or 503 and an error of this API. The
//     error promises that nothing was changed.
//   - A request that only reads (GET) gets 429 or 503 from a proxy, or no answer.
//
// Before a retry, the client waits as long as the header Retry-After says, or less than
// a second if there is no such header. It retries at most twice (see [WithRetries]),
// and waits at most 30 seconds in all. If the server asks for a longer wait, the client
// returns an error at once; [Error.RetryAfter] is the requested time. The end of the
// context ends the wait.
//
// # Limits
//
// An operation takes at most five minutes, including retries. A context can set an
// earlier deadline. The default HTTP client waits 10 seconds for a connection and two
// minutes for the first byte of an answer. The client reads at most 16 MiB of an
// answer, and 1 MiB of an error. These limits do not apply to [UsersService.All] and
// [ActivityService.Export], which read an answer element by element. Only their context
// limits how long they take.
//
// # Compatibility
//
// The package follows the contract that a server serves at /openapi.yaml. It uses
// semantic versioning: within a major version, names are not removed and keep their
// meaning. Structures may get new fields, so write literals with field names. A newer
// server may send new codes, states, providers and permissions, so programs must handle
// unknown values. The client ignores unknown fields in an answer. Texts of errors may
// change at any time.
//
// A client is safe for concurrent use by multiple goroutines.
package client
