package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"testing"
)

// TestLockout sends wrong passwords until the account locks. The responses must not reveal the lock, and the lock must
// block only sign-ins.
func TestLockout(t *testing.T) {
	t.Parallel()
	const email, password, wrong = "ada@example.com", "Analytical-1", "Analytical-9"
	s := startServer(t, options{})
	admin := s.signInAdmin(t)
	id := formatID(s.addUser(t, admin, "Ada", email, password))
	inactive := []fields{{"name": "Idle", "email": "idle@example.com", "password": password}}
	s.do(t, "POST", "/api/users", admin, inactive).want(t, http.StatusCreated)
	locked := func() bool {
		a := s.do(t, "GET", "/api/users/"+id, admin, nil).want(t, http.StatusOK)
		return decode[struct{ LockedOut bool }](t, a).LockedOut
	}
	signIn := func(email, password string) answer {
		return s.do(t, "POST", "/api/login", "", fields{"email": email, "password": password})
	}

	refused := map[string]answer{}
	for range 3 { // the default policy locks after three failures
		refused["a wrong password"] = signIn(email, wrong)
	}
	if !locked() {
		t.Error("three wrong passwords do not lock the account")
	}
	refused["a locked account"] = signIn(email, password)
	refused["an inactive account"] = signIn("idle@example.com", password)
	unknown := signIn("nobody@example.com", password)
	unknown.wantError(t, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	for what, a := range refused {
		if a.Status != unknown.Status || !bytes.Equal(a.Body, unknown.Body) {
			t.Errorf("%s is answered %d %s, an unknown address %d %s",
				what, a.Status, a.Body, unknown.Status, unknown.Body)
		}
	}

	s.do(t, "PATCH", "/api/users/"+id, admin, fields{"lockedOut": false}).want(t, http.StatusOK)
	if locked() {
		t.Error("the account is still locked")
	}
	session := s.signIn(t, email, password)
	// After the successful sign-in the client network is known, so failures from it count separately.
	for range 3 {
		signIn(email, wrong)
	}
	signIn(email, password).wantError(t, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	s.do(t, "GET", "/api/users/whoami", session, nil).want(t, http.StatusOK)
}

// TestClientNetworkThrottle sends wrong passwords for many accounts from one client network, until the server throttles
// sign-ins from it.
func TestClientNetworkThrottle(t *testing.T) {
	t.Parallel()
	const limit = 20
	s := startServer(t, options{})
	admin := s.signInAdmin(t)
	for n := range limit {
		s.wantSignInRefused(t, fmt.Sprintf("guess-%d@example.com", n), adminPassword)
	}
	a := s.do(t, "POST", "/api/login", "", fields{"email": adminEmail, "password": adminPassword})
	a.wantError(t, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
	if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
		t.Errorf("Retry-After is %q, want 1 to 60", a.Header.Get("Retry-After"))
	}
	retrieval := fields{"token": "usr_none", "newPassword": adminPassword}
	s.do(t, "POST", "/api/users/retrieve-password", "", retrieval).
		wantError(t, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
	s.do(t, "GET", "/api/users/whoami", admin, nil).want(t, http.StatusOK)

	// The server ignores X-Forwarded-For of a client that is not a trusted proxy.
	body := mustJSON(t, fields{"email": adminEmail, "password": adminPassword})
	request, err := http.NewRequest("POST", s.URL+"/api/login", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", "192.0.2.7")
	a, err = send(http.DefaultClient, request)
	if err != nil {
		t.Fatal(err)
	}
	a.wantError(t, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
}
