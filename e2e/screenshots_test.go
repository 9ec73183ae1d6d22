package e2e_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "directory for the pictures of docs/console.md; none are taken without")

// TestScreenshots takes the pictures of docs/console.md, of a server that looks as if
// people had used it for a month. It shows nothing: `make screenshots` runs it.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no directory is given for the pictures")
	}
	s := startServer(t, options{Flags: []string{"--public-url", "https://accounts.example.com", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none"}})
	populate(t, s)
	s.stop(t)
	spreadActivity(t, s.Data)
	s = s.again(t)
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	desk := openBrowser(t, s, 1200, true)
	desk.shoot("sign-in", "/sign-in")
	desk.signIn(adminEmail, adminPassword)
	for _, page := range []struct{ name, path string }{
		{"overview", "/overview"}, {"users", "/users"}, {"role", "/roles/3"}, {"user", "/users/3"},
	} {
		desk.shoot(page.name, page.path)
	}
	telephone := openBrowser(t, s, narrow, true)
	telephone.signIn(adminEmail, adminPassword)
	telephone.shoot("overview-narrow", "/overview")
}

// shoot opens a page and takes a picture of what is seen of it.
func (b *browser) shoot(name, path string) {
	b.t.Helper()
	b.visit(path)
	image := get(b, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// populate makes people and roles, and has some of them sign in, rightly and wrongly.
func populate(t *testing.T, s *server) {
	t.Helper()
	const password = "Correct-Horse-7"
	key := s.admin(t)
	people := []fields{}
	for i, name := range []string{
		"Ada Lovelace", "Grace Hopper", "Alan Turing", "Emmy Noether", "Charles Babbage", "Sophie Germain", "George Boole",
		"Mary Somerville", "Blaise Pascal", "Hedy Lamarr", "Konrad Zuse", "Maria Agnesi", "John Napier", "Henrietta Leavitt",
	} {
		var first, last string
		if _, err := fmt.Sscan(name, &first, &last); err != nil {
			t.Fatal(err)
		}
		people = append(people, fields{
			"name": first, "surname": last, "email": strings.ToLower(first) + "@example.com", "department": []string{"Engines", "Compilers", "Networks"}[i%3],
			"password": password, "active": i%6 != 5,
		})
	}
	s.do(t, "POST", "/api/users", key, people).want(t, 201)
	s.do(t, "POST", "/api/roles", key, []fields{{"name": "Front desk", "description": "Helps people who cannot sign in."}}).want(t, 201)
	s.do(t, "PUT", "/api/roles/3/permissions", key, []fields{
		{"entityName": "user", "action": "read", "entityIds": nil, "dynamicId": nil},
		{"entityName": "user", "action": "edit-access", "entityIds": nil, "dynamicId": nil},
		{"entityName": "session", "action": "read", "entityIds": nil, "dynamicId": nil},
	}).want(t, 200)
	s.do(t, "PUT", "/api/users/3/roles", key, fields{"roles": []int{2, 3}}).want(t, 200)
	for i := range 60 {
		name := people[i%5]["email"].(string)
		s.signIn(t, name, password)
	}
	for _, i := range []int{7, 7, 7, 0, 2, 3, 4, 6, 8, 9} { // three lock an account
		s.do(t, "POST", "/api/login", "", fields{"email": people[i]["email"], "password": "Wrong-Horse-77"})
	}
	s.do(t, "POST", "/api/users/forgotten-password", "", fields{"email": people[6]["email"]})
}

// spreadActivity moves the sign-ins into the past month. The log can no longer be
// verified afterwards, which no picture shows.
func spreadActivity(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const day = 86_400_000_000 // microseconds
	if _, err := db.Exec(`UPDATE activity SET at = at - (id * 11 + id / 3) % 29 * $1 WHERE action LIKE 'session.%'`, day); err != nil {
		t.Fatal(err)
	}
}
