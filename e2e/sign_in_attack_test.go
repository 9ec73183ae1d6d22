package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// importedPassword is the password of the users that [server.importUsers] creates.
const importedPassword = "Analytical-1"

// importUsers creates users whose hashes come from another system and are as costly as an import may have them.
func (s *server) importUsers(t *testing.T, admin string, emails ...string) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(importedPassword), 12)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	file.WriteString("name,email,password_hash,active\n")
	for _, email := range emails {
		fmt.Fprintf(&file, "Some,%s,%s,true\n", email, hash)
	}
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustRun(t, admin, "users", "import", path)
}

// trySignIn signs in and returns errors instead of failing the test. forwarded is the client's address in the header of
// a trusted proxy; "" sends no such header.
func (s *server) trySignIn(email, password, forwarded string) (answer, error) {
	body, err := json.Marshal(fields{"email": email, "password": password})
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequest("POST", s.URL+"/api/login", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if forwarded != "" {
		request.Header.Set("X-Forwarded-For", forwarded)
	}
	return send(http.DefaultClient, request)
}

// retryAfter returns the wait that a refused sign-in asks for. It reports an error unless the answer is 429 or 503 with
// such a wait.
func retryAfter(t *testing.T, a answer) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	refused := a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable
	if err != nil || seconds < 1 || !refused {
		t.Errorf("a sign-in is answered %d with Retry-After %q: %s", a.Status, a.Header.Get("Retry-After"), a.Body)
	}
	return time.Duration(seconds) * time.Second
}

// TestGuessesAtImportedAccount guesses the password of an imported user many times a second, each time from another
// address. The user's hash costs a third of a second. The sign-ins of others must not be refused meanwhile. First the
// account is locked after three guesses, then lockout is switched off.
//
// The guesses are more than the 128 places in the hash queue of two cores. It runs alone, because it needs the cores.
func TestGuessesAtImportedAccount(t *testing.T) {
	const email, password = "grace@example.com", "Analytical-2"
	s := startServer(t, options{
		Flags: []string{"--trusted-proxies", "127.0.0.1/32"}, Env: []string{"GOMAXPROCS=2"},
	})
	admin := s.signInAdmin(t)
	s.addUser(t, admin, "Grace", email, password)
	s.importUsers(t, admin, "ada@example.com")

	guess := 0
	for _, attack := range []struct {
		lockout bool
		rate    time.Duration // guesses a second
		length  time.Duration
	}{{true, 15, 12 * time.Second}, {false, 60, 3 * time.Second}} {
		s.do(t, "PATCH", "/api/lockout-policy", admin, fields{"enabled": attack.lockout}).want(t, http.StatusOK)
		var guesses sync.WaitGroup
		stop := make(chan struct{})
		guesses.Go(func() {
			ticker := time.NewTicker(time.Second / attack.rate)
			defer ticker.Stop()
			for {
				select {
				case <-stop:
					return
				case <-ticker.C:
				}
				guess++
				address := fmt.Sprintf("198.18.%d.%d", guess/256, guess%256)
				guesses.Go(func() {
					a, err := s.trySignIn("ada@example.com", "Wrong-guess-1", address)
					if err != nil {
						t.Error(err)
					} else if a.Status != http.StatusUnauthorized {
						retryAfter(t, a)
					}
				})
			}
		})
		signIns := 0
		for start := time.Now(); time.Since(start) < attack.length; signIns++ {
			s.signIn(t, email, password)
		}
		close(stop)
		guesses.Wait()
		t.Logf("lockout %v: %d sign-ins of another user", attack.lockout, signIns)
	}
}

// TestImportedUsersSignIn signs in all users of an import at once, as on the first day after a migration. Those who are
// told to try again do so. All get in about as fast as one core can verify their hashes.
func TestImportedUsersSignIn(t *testing.T) {
	t.Parallel()
	const users = 16
	s := startServer(t, options{})
	emails := make([]string, users)
	for i := range emails {
		emails[i] = fmt.Sprintf("user-%d@example.com", i)
	}
	s.importUsers(t, s.signInAdmin(t), emails...)
	start := time.Now()
	s.signIn(t, emails[0], importedPassword)
	single := time.Since(start)
	var all sync.WaitGroup
	for _, email := range emails[1:] {
		all.Go(func() {
			for {
				a, err := s.trySignIn(email, importedPassword, "")
				if err != nil {
					t.Errorf("%s: %v", email, err)
					return
				}
				if a.Status == http.StatusOK {
					return
				}
				wait := retryAfter(t, a)
				if t.Failed() {
					return
				}
				<-time.After(wait) // as the server asks
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	t.Logf("one sign-in took %v, %d took %v", single, users, took)
	if limit := 10*time.Second + 3*users*single; took > limit {
		t.Errorf("%d sign-ins took %v, want at most %v", users, took, limit)
	}
}

// TestParallelSignInsOfOneAccount signs a service account in 40 times at once, three times in a row.
func TestParallelSignInsOfOneAccount(t *testing.T) {
	t.Parallel()
	const email, password, parallel, limit = "robot@example.com", "Analytical-1", 40, 10 * time.Second
	s := startServer(t, options{})
	s.addUser(t, s.signInAdmin(t), "Robot", email, password)
	for burst := range 3 {
		var all sync.WaitGroup
		var mu sync.Mutex
		succeeded := 0
		for range parallel {
			all.Go(func() {
				start := time.Now()
				a, err := s.trySignIn(email, password, "")
				if err != nil {
					t.Error(err)
					return
				}
				if took := time.Since(start); took > limit {
					t.Errorf("a sign-in was answered after %v", took)
				}
				if a.Status != http.StatusOK {
					retryAfter(t, a)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				succeeded++
			})
		}
		all.Wait()
		t.Logf("burst %d: %d of %d sign-ins succeeded", burst, succeeded, parallel)
		if succeeded == 0 {
			t.Errorf("burst %d: no sign-in succeeded", burst)
		}
		s.signIn(t, email, password) // the next one succeeds
	}
}

// TestAbandonedSignIns signs many users in at once and closes all connections when the first answer arrives. The
// passwords are correct, so that must not count against the client's address.
func TestAbandonedSignIns(t *testing.T) {
	t.Parallel()
	const users, password = 40, "Analytical-1" // twice as many failures lock an address
	s := startServer(t, options{})
	admin := s.signInAdmin(t)
	var created []fields
	for i := range users {
		email := fmt.Sprintf("user-%d@example.com", i)
		created = append(created, fields{"name": "Some", "email": email, "password": password, "active": true})
	}
	s.do(t, "POST", "/api/users", admin, created).want(t, http.StatusCreated)

	answered := make(chan struct{}, users)
	var connections []net.Conn
	host := strings.TrimPrefix(s.URL, "http://")
	for _, user := range created {
		connection, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		connections = append(connections, connection)
		body := mustJSON(t, fields{"email": user["email"], "password": password})
		_, err = fmt.Fprintf(connection, "POST /api/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
			"Content-Length: %d\r\n\r\n%s", host, len(body), body)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = connection.Read(make([]byte, 1)) // fails when the connection is closed below
			answered <- struct{}{}
		}()
	}
	<-answered
	for _, connection := range connections {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, user := range created { // the abandoned sign-ins have ended when all users can sign in again
		s.signIn(t, user["email"].(string), password)
	}
}

// TestExemptNetworks sends wrong passwords for many accounts from an address that the operator has exempted.
func TestExemptNetworks(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Flags: []string{"--exempt-networks", "127.0.0.0/8"}})
	for n := range 20 { // as many as lock another address
		s.wantSignInRefused(t, fmt.Sprintf("guess-%d@example.com", n), adminPassword)
	}
	s.signInAdmin(t)
}
