// Package requests holds the API requests that are measured, and a connection that sends them with little work of its
// own: the load generator shares the cores with what it measures.
//
// The package imports seed, for the users and sessions to ask for, and the standard library.
package requests

import (
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Request is an operation of the contract that is called many times.
type Request struct {
	Status int                  // of a successful answer
	Bytes  func(n int64) []byte // the n-th request, from 0
}

// newPassword is the new password of password changes.
const newPassword = "Another-horse-7"

// encode writes an HTTP request. The credential and the body may be empty.
func encode(method, path, credential, body string, header ...string) []byte {
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

// forwardedFor is the header with which a trusted proxy names the client's address. There are 16 million of them.
func forwardedFor(n int64) string {
	return fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

// constant is a request that is the same for each n.
func constant(status int, method, path, credential string) Request {
	bytes := encode(method, path, credential, "")
	return Request{Status: status, Bytes: func(int64) []byte { return bytes }}
}

// spread returns a user for each n, spread over all users. It returns each user once before it repeats one.
func spread(n, users int64) int64 {
	const step = 7919 // a prime, so that it reaches all users
	return seed.Owner(n*step, users)
}

// Get is GET on a path.
func Get(path, credential string) Request { return constant(200, "GET", path, credential) }

// Post is POST without a body on a path.
func Post(path, credential string) Request { return constant(200, "POST", path, credential) }

// Whoami reads the caller.
func Whoami(credential string) Request { return Get("/api/users/whoami", credential) }

// User reads another user each time.
func User(credential string, users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("GET", fmt.Sprintf("/api/users/%d", spread(n, users)), credential, "")
	}}
}

// UserAmong reads count of the users in turn.
func UserAmong(count int64, credential string, users int64) Request {
	count = min(count, users-1)
	return Request{Status: 200, Bytes: func(n int64) []byte {
		id := seed.Owner(n%count*((users-1)/count), users)
		return encode("GET", fmt.Sprintf("/api/users/%d", id), credential, "")
	}}
}

// List lists all users.
func List(credential string) Request { return Get("/api/users", credential) }

// SignIns signs in another user each time, so that none waits for another.
func SignIns(users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("POST", "/api/login", "", credentials(seed.Email(spread(n, users)), seed.Password))
	}}
}

// SignIn encodes one sign-in from the n-th client address.
func SignIn(email, password string, n int64) []byte {
	return encode("POST", "/api/login", "", credentials(email, password), forwardedFor(n))
}

// credentials is the body of a sign-in.
func credentials(email, password string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
}

// Create creates users in one request, others for each n.
func Create(credential string, users int) Request {
	return Request{Status: 201, Bytes: func(n int64) []byte {
		var b strings.Builder
		for i := range users {
			fmt.Fprintf(&b, `,{"name":"New","surname":"Surname %04d","department":"Engineering",`+
				`"email":"new%06d-%04d@example.org","password":%q,"active":true}`, i, n, i, seed.Password)
		}
		return encode("POST", "/api/users", credential, "["+b.String()[1:]+"]")
	}}
}

// Department is the department that the n-th change of a user sets. Each is another text of the same length.
func Department(n int64) string { return fmt.Sprintf("Department %012d", n) }

// ChangedUser is the user of the n-th change.
func ChangedUser(n, users int64) int64 { return spread(n, users) }

// Patch changes the department of another user each time.
func Patch(credential string, users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("PATCH", fmt.Sprintf("/api/users/%d", ChangedUser(n, users)), credential,
			fmt.Sprintf(`{"department":%q}`, Department(n)))
	}}
}

// ChangedRoles is the roles that the n-th change sets. For each user they alternate between two sets.
func ChangedRoles(n, users int64) []int64 {
	if n/(users-1)%2 == 0 {
		return []int64{2, seed.RoleID}
	}
	return []int64{2}
}

// SetRoles changes the roles of another user each time.
func SetRoles(credential string, users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		roles := strings.Join(strings.Fields(fmt.Sprint(ChangedRoles(n, users))), ",")
		path := fmt.Sprintf("/api/users/%d/roles", ChangedUser(n, users))
		return encode("PUT", path, credential, `{"roles":`+roles+`}`)
	}}
}

// Delete deletes another user each time. It starts with the users that the changes reach last.
func Delete(credential string, users int64) Request {
	return Request{Status: 204, Bytes: func(n int64) []byte {
		return DeleteUser(credential, ChangedUser(n+users/2, users))
	}}
}

// DeleteUser encodes the deletion of one user.
func DeleteUser(credential string, id int64) []byte {
	return encode("DELETE", fmt.Sprintf("/api/users/%d", id), credential, "")
}

// SignOut ends the session of a token.
func SignOut(token string) Request { return constant(204, "POST", "/api/logout", token) }

// SignOuts ends another seeded session each time, beginning with number first.
func SignOuts(first int64) Request {
	return Request{Status: 204, Bytes: func(n int64) []byte {
		credential, _ := seed.Session(first + n)
		return encode("POST", "/api/logout", credential, "")
	}}
}

// ChangePassword changes the password of the owner of another seeded session each time, beginning with number first.
func ChangePassword(first int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		credential, _ := seed.Session(first + n)
		return encode("PATCH", "/api/users/password", credential,
			fmt.Sprintf(`{"oldPassword":%q,"newPassword":%q}`, seed.Password, newPassword))
	}}
}

// ForgottenPasswords requests a recovery message for another user each time, from another client address each time.
func ForgottenPasswords(users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return ForgottenPassword(seed.Email(spread(n, users)), n)
	}}
}

// ForgottenPassword encodes one request for a recovery message, from the n-th client address.
func ForgottenPassword(email string, n int64) []byte {
	return encode("POST", "/api/users/forgotten-password", "", fmt.Sprintf(`{"email":%q}`, email), forwardedFor(n))
}

// RetrievePassword sets a new password with another seeded recovery token each time.
func RetrievePassword() Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("POST", "/api/users/retrieve-password", "",
			fmt.Sprintf(`{"token":%q,"newPassword":%q}`, seed.RecoveryToken(n), newPassword))
	}}
}
