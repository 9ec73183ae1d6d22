package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// Bounds of what a client does.
const (
	mostNew      = 3 // users in one request
	mostSessions = 5 // whose tokens a client knows
	mostMessages = 3 // for a user in an hour, which is what the server sends
)

// writerPassword is that of every user. To hash it is what a creation costs.
const writerPassword = "Correct-horse-7"

// writer is a client that changes what it has made, one request after the other.
// No other client touches it, so the writer knows what must be there.
type writer struct {
	knowledge
	name   string // begins the address of all that it makes
	number int
	random *rand.Rand
	key    string  // of an administrator
	roles  []int64 // that there are to give
	serial int     // of what was made last

	acknowledged int
}

// request is something that a writer asks for.
type request struct {
	method, path string
	key          string
	source       string // address that it says it comes from
	body         any
	status       int // of the answer when it has happened
	happens      func(*knowledge, reply)
}

// reply is what only the server knows of a request that has happened.
type reply struct {
	ids   func(address string) int64 // of new users
	token string                     // of a new session; empty where nobody was told
}

// write sends requests until one has no certain outcome, or until stop is closed,
// and calls answered for each that was acknowledged. Where the database is remote,
// 503 leaves the outcome open too. Another answer fails the test.
func (w *writer) write(t *testing.T, client *http.Client, url string, remote bool, answered func(), stop <-chan struct{}) {
	for w.unknown == nil {
		select {
		case <-stop:
			return
		default:
		}
		asked := w.choose()
		a, err := asked.send(client, url)
		switch {
		case os.IsTimeout(err):
			t.Errorf("%s %s of %s is not answered: %v", asked.method, asked.path, w.name, err)
			w.unknown = asked
		case err != nil, remote && a.Status == http.StatusServiceUnavailable:
			w.unknown = asked
		case a.Status != asked.status:
			t.Errorf("%s %s of %s is answered %d, want %d: %s", asked.method, asked.path, w.name, a.Status, asked.status, a.Body)
			w.unknown = asked
		default:
			asked.happens(&w.knowledge, told(a))
			w.acknowledged++
			answered()
		}
	}
}

// send sends the request once.
func (r *request) send(client *http.Client, url string) (answer, error) {
	body, err := json.Marshal(r.body)
	if err != nil {
		return answer{}, err
	}
	sent, err := http.NewRequest(r.method, url+r.path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if r.body == nil {
		sent.Body, sent.ContentLength = http.NoBody, 0
	} else {
		sent.Header.Set("Content-Type", "application/json")
	}
	sent.Header.Set("X-Api-Key", r.key)
	sent.Header.Set("X-Forwarded-For", r.source)
	return send(client, sent)
}

// told reads the outcome out of an answer.
func told(a answer) reply {
	var made []user
	var session struct{ AuthToken string }
	_ = json.Unmarshal(a.Body, &made) // of other answers there is nothing to learn
	_ = json.Unmarshal(a.Body, &session)
	return reply{token: session.AuthToken, ids: func(address string) int64 {
		for _, u := range made {
			if u.Email == address {
				return u.ID
			}
		}
		return 0
	}}
}

// choose makes up the next request.
func (w *writer) choose() *request {
	w.serial++
	anybody := func(person, string) bool { return true }
	active := func(p person, _ string) bool { return p.Active }
	signedIn := func(p person, _ string) bool { return p.Sessions > 0 }
	unasked := func(_ person, address string) bool { return w.asked(address) == 0 }
	mayAsk := func(p person, address string) bool { return p.Active && w.asked(address) < mostMessages }
	for {
		var asked *request
		switch n := w.random.IntN(100); {
		case n < 10:
			asked = w.create()
		case n < 42:
			asked = w.with(anybody, w.patch)
		case n < 50:
			asked = w.with(signedIn, w.patch) // who may be deactivated, and signed out by it
		case n < 64:
			asked = w.with(anybody, w.assign)
		case n < 76:
			asked = w.with(unasked, w.remove)
		case n < 84:
			asked = w.with(mayAsk, w.forget)
		case n < 92 && len(w.live) < mostSessions:
			asked = w.with(active, w.signIn)
		case n < 96 && len(w.live) > 0:
			asked = w.signOut()
		default:
			asked = w.with(signedIn, w.endAll)
		}
		if asked != nil {
			return asked
		}
	}
}

// with makes up a request about one of the users that fit, or nil where none does.
func (w *writer) with(fits func(p person, address string) bool, make func(p person, address string) *request) *request {
	addresses := slices.Sorted(maps.Keys(w.Users))
	addresses = slices.DeleteFunc(addresses, func(a string) bool { return !fits(w.Users[a], a) })
	if len(addresses) == 0 {
		return nil
	}
	address := addresses[w.random.IntN(len(addresses))]
	return make(w.Users[address], address)
}

// ask completes a request of the administrator.
func (w *writer) ask(status int, method, path string, body any, happens func(*knowledge, reply)) *request {
	return &request{
		method: method, path: path, key: w.key, body: body, status: status, happens: happens,
		source: fmt.Sprintf("10.%d.%d.%d", w.number, w.serial/250, w.serial%250+1),
	}
}

// mark is a text that no other request of this writer has.
func (w *writer) mark(what string) string { return fmt.Sprintf("%s %d", what, w.serial) }

// create makes one or more users at once.
func (w *writer) create() *request {
	people := map[string]person{}
	var body []fields
	for i := range 1 + w.random.IntN(mostNew) {
		address := fmt.Sprintf("%s-%d-%d@example.com", w.name, w.serial, i)
		p := person{Name: w.mark("Name"), Surname: w.mark("Surname"), Unit: w.mark("Unit"), Active: w.random.IntN(4) > 0, Roles: defaultRoles}
		people[address] = p
		body = append(body, fields{
			"email": address, "password": writerPassword, "name": p.Name, "surname": p.Surname, "department": p.Unit, "active": p.Active,
		})
	}
	return w.ask(http.StatusCreated, "POST", "/api/users", body, func(k *knowledge, r reply) {
		for _, b := range body {
			address := b["email"].(string)
			p := people[address]
			p.ID = r.ids(address)
			k.Users[address] = p
			k.write("user.create", adminEmail, p.ID, address,
				change("name", nil, p.Name), change("email", nil, address), change("active", nil, p.Active), change("roles", nil, p.Roles))
		}
	})
}

// patch changes several fields of a user at once. Who awaits a message keeps the
// address and stays active.
func (w *writer) patch(p person, address string) *request {
	now := p
	now.Name, now.Surname, now.Unit = w.mark("Name"), w.mark("Surname"), w.mark("Unit")
	body := fields{"name": now.Name, "surname": now.Surname, "department": now.Unit}
	changes := []string{change("name", p.Name, now.Name), change("surname", p.Surname, now.Surname), change("department", p.Unit, now.Unit)}
	moved := address
	if w.asked(address) == 0 {
		if w.random.IntN(4) == 0 {
			moved = fmt.Sprintf("%s-%d-moved@example.com", w.name, w.serial)
			body["email"] = moved
			changes = append(changes, change("email", address, moved))
		}
		if w.random.IntN(2) == 0 {
			now.Active = !p.Active
			body["active"] = now.Active
			changes = append(changes, change("active", p.Active, now.Active))
		}
	}
	return w.ask(http.StatusOK, "PATCH", "/api/users/"+number(p.ID), body, func(k *knowledge, _ reply) {
		if !now.Active {
			now.Sessions = 0
			k.endSessions(p.ID)
		}
		delete(k.Users, address)
		k.Users[moved] = now
		k.write("user.update", adminEmail, p.ID, moved, changes...)
	})
}

// assign gives a user other roles.
func (w *writer) assign(p person, address string) *request {
	roles := slices.Clone(w.roles)
	w.random.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	roles = roles[:1+w.random.IntN(len(roles))]
	slices.Sort(roles)
	now := p
	now.Roles = fmt.Sprint(roles)
	return w.ask(http.StatusOK, "PUT", "/api/users/"+number(p.ID)+"/roles", fields{"roles": roles}, func(k *knowledge, _ reply) {
		k.Users[address] = now
		k.write("user.roles", adminEmail, p.ID, address, change("roles", p.Roles, now.Roles))
	})
}

// remove deletes a user.
func (w *writer) remove(p person, address string) *request {
	return w.ask(http.StatusNoContent, "DELETE", "/api/users/"+number(p.ID), nil, func(k *knowledge, _ reply) {
		k.endSessions(p.ID)
		delete(k.Users, address)
		k.write("user.delete", adminEmail, p.ID, address)
	})
}

// forget asks for a recovery message, from an address that nobody else asks from.
func (w *writer) forget(_ person, address string) *request {
	asked := w.ask(http.StatusOK, "POST", "/api/users/forgotten-password", fields{"email": address}, nil)
	asked.happens = func(k *knowledge, _ reply) { k.Mail[asked.source] = address }
	return asked
}

// signIn begins a session of a user.
func (w *writer) signIn(p person, address string) *request {
	return w.ask(http.StatusOK, "POST", "/api/login", fields{"email": address, "password": writerPassword}, func(k *knowledge, r reply) {
		if r.token != "" {
			k.live[r.token] = p.ID
		}
		p.Sessions++
		k.Users[address] = p
		k.write("session.create", address, 0, address)
	})
}

// signOut ends a session of a user by its own token.
func (w *writer) signOut() *request {
	tokens := slices.Sorted(maps.Keys(w.live))
	token := tokens[w.random.IntN(len(tokens))]
	asked := w.ask(http.StatusNoContent, "POST", "/api/logout", nil, func(k *knowledge, _ reply) {
		for address, p := range k.Users {
			if p.ID == k.live[token] {
				p.Sessions--
				k.Users[address] = p
				k.write("session.end", address, 0, address)
			}
		}
		k.endSession(token)
	})
	asked.key = token
	return asked
}

// endAll ends all sessions of a user.
func (w *writer) endAll(p person, address string) *request {
	return w.ask(http.StatusNoContent, "DELETE", "/api/sessions?userId="+number(p.ID), nil, func(k *knowledge, _ reply) {
		k.endSessions(p.ID)
		p.Sessions = 0
		k.Users[address] = p
		k.write("session.end", adminEmail, 0, address)
	})
}

// writerOf is the name of the writer that an address belongs to; empty: none.
func writerOf(address string) string {
	name, _, found := strings.Cut(address, "-")
	if !found {
		return ""
	}
	return name
}
