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

// Limits of a writer.
const (
	maxNewUsers = 3 // number of users in one request
	maxSessions = 5 // number of sessions in the model
	maxMessages = 3 // number of messages for a user, which is also the server's hourly limit
)

// writerPassword is the password of all users that writers create.
const writerPassword = "Correct-horse-7"

// writer is a client that sends one request after another. Each writer changes only users that it has created, so its
// model predicts their state.
type writer struct {
	model
	name   string // prefix of the email addresses of this writer's users
	number int
	random *rand.Rand
	key    string  // credential of an administrator
	roles  []int64 // ids of the roles that the writer assigns
	serial int     // number of the last request

	acknowledged int
}

// request is a request of a writer.
type request struct {
	method, path  string
	key           string
	clientAddress string // sent in X-Forwarded-For
	body          any
	status        int                 // expected status of the response
	apply         func(*model, reply) // applies the effect of the request to the model
}

// reply holds the values in a response that a model can't predict.
type reply struct {
	ids   func(address string) int64 // returns the id of a new user by email address
	token string                     // token of a new session; "" without a response
}

// write sends requests until the outcome of one is unknown, or until stop is closed. It calls answered after each
// acknowledged request. If remote is set, the outcome of a request with a 503 response is also unknown. Any other
// unexpected status fails the test.
func (w *writer) write(
	t *testing.T, client *http.Client, url string, remote bool, answered func(), stop <-chan struct{},
) {
	for w.unresolved == nil {
		select {
		case <-stop:
			return
		default:
		}
		req := w.nextRequest()
		a, err := req.send(client, url)
		switch {
		case os.IsTimeout(err):
			t.Errorf("%s %s of %s is not answered: %v", req.method, req.path, w.name, err)
			w.unresolved = req
		case err != nil, remote && a.Status == http.StatusServiceUnavailable:
			w.unresolved = req
		case a.Status != req.status:
			t.Errorf("%s %s of %s is answered %d, want %d: %s",
				req.method, req.path, w.name, a.Status, req.status, a.Body)
			w.unresolved = req
		default:
			req.apply(&w.model, parseReply(a))
			w.acknowledged++
			answered()
		}
	}
}

// send sends the request and reads the response.
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
	sent.Header.Set("X-Forwarded-For", r.clientAddress)
	return send(client, sent)
}

// parseReply decodes the values that the model can't predict: ids of created users, and tokens.
func parseReply(a answer) reply {
	var created []user
	var session struct{ AuthToken string }
	_ = json.Unmarshal(a.Body, &created) // fails for responses without created users, which leaves created empty
	_ = json.Unmarshal(a.Body, &session)
	return reply{token: session.AuthToken, ids: func(address string) int64 {
		for _, u := range created {
			if u.Email == address {
				return u.ID
			}
		}
		return 0
	}}
}

// nextRequest generates a random next request.
func (w *writer) nextRequest() *request {
	w.serial++
	anyUser := func(userState, string) bool { return true }
	active := func(u userState, _ string) bool { return u.Active }
	signedIn := func(u userState, _ string) bool { return u.Sessions > 0 }
	noRecovery := func(_ userState, address string) bool { return w.recoveries(address) == 0 }
	canRequest := func(u userState, address string) bool { return u.Active && w.recoveries(address) < maxMessages }
	for {
		var req *request
		switch n := w.random.IntN(100); {
		case n < 10:
			req = w.create()
		case n < 42:
			req = w.forUser(anyUser, w.patch)
		case n < 50:
			req = w.forUser(signedIn, w.patch) // the change may deactivate the user, which ends the sessions
		case n < 64:
			req = w.forUser(anyUser, w.setRoles)
		case n < 76:
			req = w.forUser(noRecovery, w.delete)
		case n < 84:
			req = w.forUser(canRequest, w.requestRecovery)
		case n < 92 && len(w.sessions) < maxSessions:
			req = w.forUser(active, w.signIn)
		case n < 96 && len(w.sessions) > 0:
			req = w.signOut()
		default:
			req = w.forUser(signedIn, w.endSessionsOf)
		}
		if req != nil {
			return req
		}
	}
}

// forUser generates a request for a random user for whom matches returns true. It returns nil if there is no such user.
func (w *writer) forUser(
	matches func(u userState, address string) bool, newRequest func(u userState, address string) *request,
) *request {
	addresses := slices.Sorted(maps.Keys(w.Users))
	addresses = slices.DeleteFunc(addresses, func(a string) bool { return !matches(w.Users[a], a) })
	if len(addresses) == 0 {
		return nil
	}
	address := addresses[w.random.IntN(len(addresses))]
	return newRequest(w.Users[address], address)
}

// newRequest creates a request that the administrator sends.
func (w *writer) newRequest(status int, method, path string, body any, apply func(*model, reply)) *request {
	return &request{
		method: method, path: path, key: w.key, body: body, status: status, apply: apply,
		clientAddress: fmt.Sprintf("10.%d.%d.%d", w.number, w.serial/250, w.serial%250+1),
	}
}

// uniqueText returns prefix with the number of the current request, which no other request of this writer contains.
func (w *writer) uniqueText(prefix string) string { return fmt.Sprintf("%s %d", prefix, w.serial) }

// create returns a request that creates one or more users.
func (w *writer) create() *request {
	users := map[string]userState{}
	var body []fields
	for i := range 1 + w.random.IntN(maxNewUsers) {
		address := fmt.Sprintf("%s-%d-%d@example.com", w.name, w.serial, i)
		u := userState{
			Name: w.uniqueText("Name"), Surname: w.uniqueText("Surname"), Department: w.uniqueText("Department"),
			Active: w.random.IntN(4) > 0, Roles: defaultRoles,
		}
		users[address] = u
		body = append(body, fields{
			"email": address, "password": writerPassword, "name": u.Name, "surname": u.Surname,
			"department": u.Department, "active": u.Active,
		})
	}
	return w.newRequest(http.StatusCreated, "POST", "/api/users", body, func(m *model, r reply) {
		for _, b := range body {
			address := b["email"].(string)
			u := users[address]
			u.ID = r.ids(address)
			m.Users[address] = u
			m.addEntry("user.create", adminEmail, u.ID, address,
				formatChange("name", nil, u.Name), formatChange("email", nil, address),
				formatChange("active", nil, u.Active), formatChange("roles", nil, u.Roles))
		}
	})
}

// patch returns a request that changes some fields of a user. If a message for the user is pending, the email address
// and the active state keep their values.
func (w *writer) patch(u userState, address string) *request {
	updated := u
	updated.Name, updated.Surname = w.uniqueText("Name"), w.uniqueText("Surname")
	updated.Department = w.uniqueText("Department")
	body := fields{"name": updated.Name, "surname": updated.Surname, "department": updated.Department}
	changes := []string{
		formatChange("name", u.Name, updated.Name), formatChange("surname", u.Surname, updated.Surname),
		formatChange("department", u.Department, updated.Department),
	}
	newAddress := address
	if w.recoveries(address) == 0 {
		if w.random.IntN(4) == 0 {
			newAddress = fmt.Sprintf("%s-%d-moved@example.com", w.name, w.serial)
			body["email"] = newAddress
			changes = append(changes, formatChange("email", address, newAddress))
		}
		if w.random.IntN(2) == 0 {
			updated.Active = !u.Active
			body["active"] = updated.Active
			changes = append(changes, formatChange("active", u.Active, updated.Active))
		}
	}
	return w.newRequest(http.StatusOK, "PATCH", "/api/users/"+formatID(u.ID), body, func(m *model, _ reply) {
		if !updated.Active {
			updated.Sessions = 0
			m.endSessions(u.ID)
		}
		delete(m.Users, address)
		m.Users[newAddress] = updated
		m.addEntry("user.update", adminEmail, u.ID, newAddress, changes...)
	})
}

// setRoles returns a request that sets random roles of a user.
func (w *writer) setRoles(u userState, address string) *request {
	roles := slices.Clone(w.roles)
	w.random.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	roles = roles[:1+w.random.IntN(len(roles))]
	slices.Sort(roles)
	updated := u
	updated.Roles = fmt.Sprint(roles)
	path := "/api/users/" + formatID(u.ID) + "/roles"
	return w.newRequest(http.StatusOK, "PUT", path, fields{"roles": roles}, func(m *model, _ reply) {
		m.Users[address] = updated
		if updated.Roles != u.Roles { // the server writes nothing for roles that the user has already
			m.addEntry("user.roles", adminEmail, u.ID, address, formatChange("roles", u.Roles, updated.Roles))
		}
	})
}

// delete returns a request that deletes a user.
func (w *writer) delete(u userState, address string) *request {
	return w.newRequest(http.StatusNoContent, "DELETE", "/api/users/"+formatID(u.ID), nil, func(m *model, _ reply) {
		m.endSessions(u.ID)
		delete(m.Users, address)
		m.addEntry("user.delete", adminEmail, u.ID, address)
	})
}

// requestRecovery returns a request for a recovery message. Its client address identifies the request in the outbox.
func (w *writer) requestRecovery(_ userState, address string) *request {
	req := w.newRequest(http.StatusOK, "POST", "/api/users/forgotten-password", fields{"email": address}, nil)
	req.apply = func(m *model, _ reply) { m.Mail[req.clientAddress] = address }
	return req
}

// signIn returns a request that signs a user in.
func (w *writer) signIn(u userState, address string) *request {
	body := fields{"email": address, "password": writerPassword}
	return w.newRequest(http.StatusOK, "POST", "/api/login", body, func(m *model, r reply) {
		if r.token != "" {
			m.sessions[r.token] = u.ID
		}
		u.Sessions++
		m.Users[address] = u
		m.addEntry("session.create", address, 0, address)
	})
}

// signOut returns a request that ends a random session, with the session's own token.
func (w *writer) signOut() *request {
	tokens := slices.Sorted(maps.Keys(w.sessions))
	token := tokens[w.random.IntN(len(tokens))]
	req := w.newRequest(http.StatusNoContent, "POST", "/api/logout", nil, func(m *model, _ reply) {
		for address, u := range m.Users {
			if u.ID == m.sessions[token] {
				u.Sessions--
				m.Users[address] = u
				m.addEntry("session.end", address, 0, address)
			}
		}
		m.endSession(token)
	})
	req.key = token
	return req
}

// endSessionsOf returns a request that ends all sessions of a user.
func (w *writer) endSessionsOf(u userState, address string) *request {
	path := "/api/sessions?userId=" + formatID(u.ID)
	return w.newRequest(http.StatusNoContent, "DELETE", path, nil, func(m *model, _ reply) {
		m.endSessions(u.ID)
		u.Sessions = 0
		m.Users[address] = u
		m.addEntry("session.end", adminEmail, 0, address)
	})
}

// writerOf returns the name of the writer that created the user with the email address. It returns "" if no writer did.
func writerOf(address string) string {
	name, _, found := strings.Cut(address, "-")
	if !found {
		return ""
	}
	return name
}
