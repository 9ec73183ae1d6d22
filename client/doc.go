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
// The fields of [Client] are services, one for each kind of resource. They use the
// token of the client that they belong to. Their methods are List, Get, Create,
// Update and Delete, and verbs of the resource, as [SessionsService.End].
//
// # Credentials
//
// A client holds at most one token: that of a session, from [Client.Login], or an
// API key. Login does not change the client; [Client.WithToken] returns one that
// acts for the new session. The package logs nothing, and no error and no printed
// client holds a token. It is sent to the server of the base URL alone: redirects
// are not followed. A base URL with plain HTTP is refused unless the host is this
// machine; see [WithInsecureHTTP].
//
// # Errors
//
// An answer with a status outside 200 to 299 is an [*Error], which [errors.As] finds.
// Its [Code] names the failure, and [errors.Is] finds that as well:
//
//	if errors.Is(err, client.CodeNotFound) { ... }
//
// All other errors mean that there was no answer, or none of this API. [errors.Is]
// also finds the error of a context that has ended.
//
// # Retries
//
// A request is sent again only where that cannot do a thing twice:
//
//   - The server answers 429 or 503 with the body of this API, which promises that
//     nothing was changed. This holds for every operation.
//   - A request that only reads (GET) gets 429 or 503 from a proxy, or no answer.
//
// A client waits for the time of Retry-After, or for a moment where there is none.
// It retries at most twice (see [WithRetries]), and waits at most 30 seconds in all:
// where the server asks for more, its answer is returned at once, with
// [Error.RetryAfter]. A context that ends stops the waiting.
//
// # Limits
//
// An operation takes at most five minutes, retries included; a context can set an
// earlier deadline. The default HTTP client waits 10 seconds for a connection and
// two minutes for the first byte of an answer. At most 16 MiB of an answer are read,
// and 1 MiB of an error. A list of users has any length: [UsersService.All] reads it
// element by element, for as long as its context allows.
//
// # Compatibility
//
// The package follows the contract that a server serves at /openapi.yaml, and
// semantic versioning: within a major version, names are not removed and keep
// their meaning. Structures may get new fields, so write literals with field names.
// There may be new codes, states, providers and permissions: treat one that you do
// not know as the general case. Fields that a newer server adds to an answer are
// ignored. Texts of errors may change at any time.
//
// Many goroutines may use a client at once.
package client
