// Package requests encodes the measured API requests, and sends them on a connection that takes little CPU time. The
// load generator shares the cores with the server that it measures, so its own work must be small.
package requests

import (
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// Request is an API request that is sent many times with different values.
type Request struct {
	Status int                  // expected status of the response
	Bytes  func(n int64) []byte // encodes the n-th request; n begins at 0
}

// newPassword is the password that password changes set.
const newPassword = "Another-horse-7"

// encode encodes an HTTP request. credential and body may be empty.
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

// forwardedFor returns the header in which a trusted proxy sends the client's address. The addresses repeat after 2^24
// values of n.
func forwardedFor(n int64) string {
	return fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

// constant returns a request that is the same for every n.
func constant(status int, method, path, credential string) Request {
	bytes := encode(method, path, credential, "")
	return Request{Status: status, Bytes: func(int64) []byte { return bytes }}
}

// spread returns the id of a user for each n. Consecutive values of n get ids that are far apart. All users get a turn
// before an id repeats.
func spread(n, users int64) int64 {
	const step = 7919 // a prime, so that the steps reach all users
	return seed.Owner(n*step, users)
}

// Get returns a GET request for a path.
func Get(path, credential string) Request { return constant(200, "GET", path, credential) }

// Post returns a POST request without a body for a path.
func Post(path, credential string) Request { return constant(200, "POST", path, credential) }

// Whoami returns a request for the caller's own user.
func Whoami(credential string) Request { return Get("/api/users/whoami", credential) }

// User returns a request for one user, a different one for each n.
func User(credential string, users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("GET", fmt.Sprintf("/api/users/%d", spread(n, users)), credential, "")
	}}
}

// UserAmong returns a request for one user out of a group of count users. The users take turns.
func UserAmong(count int64, credential string, users int64) Request {
	count = min(count, users-1)
	return Request{Status: 200, Bytes: func(n int64) []byte {
		id := seed.Owner(n%count*((users-1)/count), users)
		return encode("GET", fmt.Sprintf("/api/users/%d", id), credential, "")
	}}
}

// List returns a request for the list of all users.
func List(credential string) Request { return Get("/api/users", credential) }

// SignIns returns a sign-in of a different user for each n. Sign-ins of the same user would wait for each other.
func SignIns(users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("POST", "/api/login", "", credentials(seed.Email(spread(n, users)), seed.Password))
	}}
}

// SignIn encodes one sign-in from the n-th client address.
func SignIn(email, password string, n int64) []byte {
	return encode("POST", "/api/login", "", credentials(email, password), forwardedFor(n))
}

// credentials returns the JSON body of a sign-in.
func credentials(email, password string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
}

// Create returns a request that creates the given number of users. Each n creates different users.
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

// Department returns the department that the n-th change of a user sets. All departments have the same length.
func Department(n int64) string { return fmt.Sprintf("Department %012d", n) }

// ChangedUser returns the id of the user that the n-th change changes.
func ChangedUser(n, users int64) int64 { return spread(n, users) }

// Patch returns a request that changes the department of a different user for each n.
func Patch(credential string, users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("PATCH", fmt.Sprintf("/api/users/%d", ChangedUser(n, users)), credential,
			fmt.Sprintf(`{"department":%q}`, Department(n)))
	}}
}

// ChangedRoles returns the roles that the n-th change sets. One pass over the users adds seed.RoleID, the next pass
// removes it.
func ChangedRoles(n, users int64) []int64 {
	if n/(users-1)%2 == 0 {
		return []int64{2, seed.RoleID}
	}
	return []int64{2}
}

// SetRoles returns a request that changes the roles of a different user for each n.
func SetRoles(credential string, users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		roles := strings.Join(strings.Fields(fmt.Sprint(ChangedRoles(n, users))), ",")
		path := fmt.Sprintf("/api/users/%d/roles", ChangedUser(n, users))
		return encode("PUT", path, credential, `{"roles":`+roles+`}`)
	}}
}

// Delete returns a request that deletes a different user for each n. It begins with the users that Patch and SetRoles
// reach last.
func Delete(credential string, users int64) Request {
	return Request{Status: 204, Bytes: func(n int64) []byte {
		return DeleteUser(credential, ChangedUser(n+users/2, users))
	}}
}

// DeleteUser encodes a request that deletes the user with the id.
func DeleteUser(credential string, id int64) []byte {
	return encode("DELETE", fmt.Sprintf("/api/users/%d", id), credential, "")
}

// SignOut returns a request that ends the session with the token.
func SignOut(token string) Request { return constant(204, "POST", "/api/logout", token) }

// SignOuts returns a request that ends a session. The n-th request ends the seeded session with the number
// firstSession+n.
func SignOuts(firstSession int64) Request {
	return Request{Status: 204, Bytes: func(n int64) []byte {
		credential, _ := seed.Session(firstSession + n)
		return encode("POST", "/api/logout", credential, "")
	}}
}

// ChangePassword returns a request that changes the password of a session's owner. The n-th request uses the seeded
// session with the number firstSession+n.
func ChangePassword(firstSession int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		credential, _ := seed.Session(firstSession + n)
		return encode("PATCH", "/api/users/password", credential,
			fmt.Sprintf(`{"oldPassword":%q,"newPassword":%q}`, seed.Password, newPassword))
	}}
}

// ForgottenPasswords returns a request for a recovery message, for a different user and from a different client address
// for each n.
func ForgottenPasswords(users int64) Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return ForgottenPassword(seed.Email(spread(n, users)), n)
	}}
}

// ForgottenPassword encodes a request for a recovery message from the n-th client address.
func ForgottenPassword(email string, n int64) []byte {
	return encode("POST", "/api/users/forgotten-password", "", fmt.Sprintf(`{"email":%q}`, email), forwardedFor(n))
}

// RetrievePassword returns a request that sets a new password with a recovery token. Each n uses a different seeded
// token.
func RetrievePassword() Request {
	return Request{Status: 200, Bytes: func(n int64) []byte {
		return encode("POST", "/api/users/retrieve-password", "",
			fmt.Sprintf(`{"token":%q,"newPassword":%q}`, seed.RecoveryToken(n), newPassword))
	}}
}
