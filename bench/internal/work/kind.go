// Package work holds the kinds of work that are measured, and a connection that
// asks for them with as little work of its own as possible: the generator shares
// the cores with what it measures.
//
// The package imports seed, for whom to ask about, and the standard library.
package work

import (
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Kind is one kind of work: an operation of the contract, asked for over and
// over.
type Kind struct {
	Name   string
	Method string
	Path   string
	Status int                // of the right answer
	Hashes int                // passwords that Usher hashes for one request
	Body   func(n int) string // of the n-th request, from 0; nil: none
}

// NewUsers is how many users one request of [Create] creates.
const NewUsers = 1000

// The kinds of work, on a database that package seed made.
var (
	Whoami = Kind{Name: "whoami", Method: "GET", Path: "/api/users/whoami", Status: 200}
	Get    = Kind{Name: "get", Method: "GET", Path: "/api/users/500", Status: 200}
	List   = Kind{Name: "list of 1,000", Method: "GET", Path: "/api/users", Status: 200}
	// Login signs in one user after the other, so that none waits for another.
	Login = Kind{Name: "login", Method: "POST", Path: "/api/login", Status: 200, Hashes: 1, Body: loginBody}
	// Create needs a number never used before on the same database.
	Create = Kind{Name: "bulk create of 1,000", Method: "POST", Path: "/api/users", Status: 201, Hashes: NewUsers, Body: createBody}
)

func loginBody(n int) string { return credentials(seed.Email(2 + n%(seed.Users-1))) }

func credentials(email string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, seed.Password)
}

func createBody(n int) string {
	var b strings.Builder
	for i := range NewUsers {
		fmt.Fprintf(&b, `,{"name":"New","surname":"Surname %04d","department":"Engineering","email":"new%06d-%04d@example.org","password":%q,"active":true}`,
			i, n, i, seed.Password)
	}
	return "[" + b.String()[1:] + "]"
}

// Requests returns what makes the bytes of the n-th request, with a session's
// token as the credential. Where all requests are alike they are made once.
func (k Kind) Requests(token string) func(n int) []byte {
	if k.Body == nil {
		same := k.request(token, "")
		return func(int) []byte { return same }
	}
	return func(n int) []byte { return k.request(token, k.Body(n)) }
}

func (k Kind) request(token, body string) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nX-Api-Key: %s\r\n", k.Method, k.Path, token)
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(head + "\r\n" + body)
}
