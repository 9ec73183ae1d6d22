package main

import (
	"fmt"
	"net/http"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// journey is what a client does in one go: a request, or a few that belong together. n is
// its number.
type journey func(c *work.Conn, n int64) error

// Of hashEach journeys of mixed traffic one hashes a password, and of listEach of the
// others one lists all users.
const (
	hashEach = 20
	listEach = 1000
)

// mixed is what a day brings: mostly reads, some changes, and people who sign in.
func mixed(quick, hashed journey) journey {
	return func(c *work.Conn, n int64) error {
		if n%hashEach == 0 {
			return hashed(c, n/hashEach)
		}
		return quick(c, n-n/hashEach)
	}
}

// quickJourneys are of an administrator, and hash nothing.
func quickJourneys(credential string, users int64) journey {
	whoami, user := work.Whoami(credential), work.User(credential, users)
	patch, roles := work.Patch(credential, users), work.SetRoles(credential, users)
	page, allRoles, all := work.Get("/api/users?limit=50", credential), work.Get("/api/roles", credential), work.List(credential)
	turn := []work.Request{
		whoami, user, whoami, patch, whoami, user, page, whoami, user, roles,
		whoami, user, whoami, patch, whoami, user, allRoles, whoami,
	}
	return func(c *work.Conn, n int64) error {
		if n%listEach == 0 {
			return c.Ask(all, n)
		}
		return c.Ask(turn[n%int64(len(turn))], n)
	}
}

// hashedJourneys are of people who sign in, mistype their password or have forgotten it,
// and of an administrator who creates a user and deletes him.
func hashedJourneys(credential string, users int64) journey {
	create := work.Create(credential, 1)
	turn := []journey{stay(users), mistake(users), stay(users), forget(users), stay(users), func(c *work.Conn, n int64) error {
		var created []struct{ ID int64 }
		if err := c.Read(create.Bytes(n), create.Status, &created); err != nil {
			return err
		}
		if len(created) != 1 {
			return fmt.Errorf("%d users were created, want 1", len(created))
		}
		return c.Send(work.DeleteUser(credential, created[0].ID), http.StatusNoContent)
	}}
	return func(c *work.Conn, n int64) error { return turn[n%int64(len(turn))](c, n) }
}

// stay signs somebody in, has him asked who he is, and signs him out. It is one of the
// first half of the users: those of the other half may be locked.
func stay(users int64) journey {
	signIn := work.Login(users / 2)
	return func(c *work.Conn, n int64) error {
		var session struct{ AuthToken string }
		if err := c.Read(signIn.Bytes(n), signIn.Status, &session); err != nil {
			return err
		}
		if err := c.Ask(work.Whoami(session.AuthToken), n); err != nil {
			return err
		}
		return c.Ask(work.SignOut(session.AuthToken), n)
	}
}

func mistake(users int64) journey {
	return func(c *work.Conn, n int64) error {
		return c.Send(work.SignIn(seed.Email(users/2+1+n%(users/2)), wrongPassword, n), http.StatusUnauthorized)
	}
}

func forget(users int64) journey {
	request := work.Forgotten(users)
	return func(c *work.Conn, n int64) error { return c.Ask(request, n) }
}
