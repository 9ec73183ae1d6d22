package main

import (
	"fmt"
	"net/http"

	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
)

// scenario is one request of a client, or a short sequence of requests such as a sign-in and a sign-out. n is the
// number of the scenario.
type scenario func(c *requests.Conn, n int64) error

// Frequencies of scenarios in the mixed traffic.
const (
	hashEvery = 20   // one of hashEvery scenarios hashes a password
	listEvery = 1000 // one of listEvery scenarios without a hash lists all users
)

// mixed returns traffic like that of a working day: mostly reads, some changes, and sign-ins.
func mixed(unhashed, hashed scenario) scenario {
	return func(c *requests.Conn, n int64) error {
		if n%hashEvery == 0 {
			return hashed(c, n/hashEvery)
		}
		return unhashed(c, n-n/hashEvery)
	}
}

// unhashedScenario returns a scenario in which an administrator sends a request that reads or changes data. The
// kind of request depends on n. No request hashes a password.
func unhashedScenario(credential string, users int64) scenario {
	whoami, user := requests.Whoami(credential), requests.User(credential, users)
	patch, roles := requests.Patch(credential, users), requests.SetRoles(credential, users)
	page, allRoles := requests.Get("/api/users?limit=50", credential), requests.Get("/api/roles", credential)
	all := requests.List(credential)
	cycle := []requests.Request{
		whoami, user, whoami, patch, whoami, user, page, whoami, user, roles,
		whoami, user, whoami, patch, whoami, user, allRoles, whoami,
	}
	return func(c *requests.Conn, n int64) error {
		if n%listEvery == 0 {
			return c.Do(all, n)
		}
		return c.Do(cycle[n%int64(len(cycle))], n)
	}
}

// hashedScenario returns a scenario that hashes passwords. Its kind depends on n: a user signs in, mistypes the
// password or has forgotten it, or an administrator creates a user and deletes the user again.
func hashedScenario(credential string, users int64) scenario {
	cycle := []scenario{
		signInAndOut(users), wrongSignIn(users), signInAndOut(users), forgottenPassword(users), signInAndOut(users),
		createAndDelete(credential),
	}
	return func(c *requests.Conn, n int64) error { return cycle[n%int64(len(cycle))](c, n) }
}

// signInAndOut returns a scenario that signs a user in, calls whoami and signs the user out. It uses only the first
// half of the users, because wrongSignIn may lock users of the second half.
func signInAndOut(users int64) scenario {
	signIn := requests.SignIns(users / 2)
	return func(c *requests.Conn, n int64) error {
		var session struct{ AuthToken string }
		if err := c.DecodeAnswer(signIn.Bytes(n), signIn.Status, &session); err != nil {
			return err
		}
		if err := c.Do(requests.Whoami(session.AuthToken), n); err != nil {
			return err
		}
		return c.Do(requests.SignOut(session.AuthToken), n)
	}
}

// wrongSignIn returns a scenario that signs in with a wrong password.
func wrongSignIn(users int64) scenario {
	return func(c *requests.Conn, n int64) error {
		email := seed.Email(users/2 + 1 + n%(users/2))
		return c.Send(requests.SignIn(email, wrongPassword, n), http.StatusUnauthorized)
	}
}

func forgottenPassword(users int64) scenario {
	request := requests.ForgottenPasswords(users)
	return func(c *requests.Conn, n int64) error { return c.Do(request, n) }
}

func createAndDelete(credential string) scenario {
	create := requests.Create(credential, 1)
	return func(c *requests.Conn, n int64) error {
		var created []struct{ ID int64 }
		if err := c.DecodeAnswer(create.Bytes(n), create.Status, &created); err != nil {
			return err
		}
		if len(created) != 1 {
			return fmt.Errorf("%d users were created, want 1", len(created))
		}
		return c.Send(requests.DeleteUser(credential, created[0].ID), http.StatusNoContent)
	}
}
