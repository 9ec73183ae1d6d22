// Package work holds the requests that are measured, and a connection that asks for
// them with as little work of its own as possible: the generator shares the cores with
// what it measures.
//
// The package imports seed, for whom to ask about, and the standard library.
package work

import (
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Request is an operation of the contract, asked for over and over.
type Request struct {
	Status int                  // of the right answer
	Bytes  func(n int64) []byte // the n-th request, from 0
}

// message writes a request. A credential may be empty; the source is another one for
// each n where it is named.
func message(method, path, credential, body string, header ...string) []byte {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n", method, path)
	if credential != "" {
		head += "X-Api-Key: " + credential + "\r\n"
	}
	for _, line := range header {
		head += line + "\r\n"
	}
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(head + "\r\n" + body)
}

// Source is the header by which a proxy that is trusted says where the n-th request
// comes from: another address for each of 16 million.
func Source(n int64) string {
	return fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

// same is a request that is always alike.
func same(status int, method, path, credential string) Request {
	bytes := message(method, path, credential, "")
	return Request{status, func(int64) []byte { return bytes }}
}

// spread is a user for each n, from all over so many, and another one until all were.
func spread(n, users int64) int64 {
	const step = 7919 // a prime, so that it meets all of them
	return seed.Owner(n*step, users)
}

// Get asks for a path.
func Get(path, credential string) Request { return same(200, "GET", path, credential) }

// Post posts nothing to a path.
func Post(path, credential string) Request { return same(200, "POST", path, credential) }

// Whoami asks who the caller is.
func Whoami(credential string) Request { return Get("/api/users/whoami", credential) }

// User asks for one user after the other.
func User(credential string, users int64) Request {
	return Request{200, func(n int64) []byte {
		return message("GET", fmt.Sprintf("/api/users/%d", spread(n, users)), credential, "")
	}}
}

// UserOf asks for so many users out of all, one after the other, over and over.
func UserOf(most int64, credential string, users int64) Request {
	most = min(most, users-1)
	return Request{200, func(n int64) []byte {
		id := seed.Owner(n%most*((users-1)/most), users)
		return message("GET", fmt.Sprintf("/api/users/%d", id), credential, "")
	}}
}

// List asks for all users.
func List(credential string) Request { return Get("/api/users", credential) }

// Login signs in one user after the other, so that none waits for another.
func Login(users int64) Request {
	return Request{200, func(n int64) []byte {
		return message("POST", "/api/login", "", Credentials(seed.Email(spread(n, users)), seed.Password))
	}}
}

// Credentials is the body of a sign-in.
func Credentials(email, password string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
}

// SignIn is one sign-in, which comes from a source of its own.
func SignIn(email, password string, n int64) []byte {
	return message("POST", "/api/login", "", Credentials(email, password), Source(n))
}

// Create makes so many users at once. Each n makes others.
func Create(credential string, users int) Request {
	return Request{201, func(n int64) []byte {
		var b strings.Builder
		for i := range users {
			fmt.Fprintf(&b, `,{"name":"New","surname":"Surname %04d","department":"Engineering","email":"new%06d-%04d@example.org","password":%q,"active":true}`,
				i, n, i, seed.Password)
		}
		return message("POST", "/api/users", credential, "["+b.String()[1:]+"]")
	}}
}

// Department is the text that the n-th change of a user sets: of one length, and never
// the same.
func Department(n int64) string { return fmt.Sprintf("Department %012d", n) }

// Changed is the user of the n-th change.
func Changed(n, users int64) int64 { return spread(n, users) }

// Patch changes the department of one user after the other.
func Patch(credential string, users int64) Request {
	return Request{200, func(n int64) []byte {
		return message("PATCH", fmt.Sprintf("/api/users/%d", Changed(n, users)), credential, fmt.Sprintf(`{"department":%q}`, Department(n)))
	}}
}

// RolesOf are the roles that the n-th change of a user's roles gives: others each time
// that a user's turn comes.
func RolesOf(n, users int64) []int64 {
	if n/(users-1)%2 == 0 {
		return []int64{2, seed.Role}
	}
	return []int64{2}
}

// SetRoles changes the roles of one user after the other.
func SetRoles(credential string, users int64) Request {
	return Request{200, func(n int64) []byte {
		roles := strings.Join(strings.Fields(fmt.Sprint(RolesOf(n, users))), ",")
		return message("PUT", fmt.Sprintf("/api/users/%d/roles", Changed(n, users)), credential, `{"roles":`+roles+`}`)
	}}
}

// Delete removes one user after the other, from those on whom a change would meet last.
func Delete(credential string, users int64) Request {
	return Request{204, func(n int64) []byte {
		return DeleteUser(credential, Changed(n+users/2, users))
	}}
}

// DeleteUser removes a user.
func DeleteUser(credential string, id int64) []byte {
	return message("DELETE", fmt.Sprintf("/api/users/%d", id), credential, "")
}

// SignOut ends the session of a token.
func SignOut(token string) Request { return same(204, "POST", "/api/logout", token) }

// Logout ends one session after the other, from the first on.
func Logout(first int64) Request {
	return Request{204, func(n int64) []byte {
		credential, _ := seed.Session(first + n)
		return message("POST", "/api/logout", credential, "")
	}}
}

// ChangePassword changes the own password of one user after the other, each by a session,
// from the first on.
func ChangePassword(first int64) Request {
	return Request{200, func(n int64) []byte {
		credential, _ := seed.Session(first + n)
		return message("PATCH", "/api/users/password", credential, fmt.Sprintf(`{"oldPassword":%q,"newPassword":"Another-horse-7"}`, seed.Password))
	}}
}

// Forgotten asks for a recovery message for one user after the other, each from a source
// of its own.
func Forgotten(users int64) Request {
	return Request{200, func(n int64) []byte { return ForgottenBy(seed.Email(spread(n, users)), n) }}
}

// ForgottenBy asks for a recovery message once, from a source of its own.
func ForgottenBy(email string, n int64) []byte {
	return message("POST", "/api/users/forgotten-password", "", fmt.Sprintf(`{"email":%q}`, email), Source(n))
}

// Retrieve sets a new password by one mailed token after the other.
func Retrieve() Request {
	return Request{200, func(n int64) []byte {
		return message("POST", "/api/users/retrieve-password", "", fmt.Sprintf(`{"token":%q,"newPassword":"Another-horse-7"}`, seed.Recovery(n)))
	}}
}
