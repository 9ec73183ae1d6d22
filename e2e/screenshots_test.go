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

var screenshots = flag.String("screenshots", "",
	"directory for the screenshots of docs/console.md; without it TestScreenshots is skipped")

// TestScreenshots takes the screenshots of docs/console.md, on a server with the data of a month. It checks nothing.
// `make screenshots` runs it.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("the flag -screenshots is not set")
	}
	s := startServer(t, options{Flags: []string{
		"--public-url", "https://accounts.example.com", "--trusted-proxies", "127.0.0.1",
		"--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none",
	}})
	populate(t, s)
	s.stop(t)
	spreadActivity(t, s.Data)
	s = s.restart(t)
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	desktop := openBrowser(t, s, 1200, true)
	desktop.screenshotView("sign-in", "/sign-in")
	desktop.signIn(adminEmail, adminPassword)
	for _, page := range []struct{ name, path string }{
		{"overview", "/overview"}, {"users", "/users"}, {"role", "/roles/3"}, {"user", "/users/3"},
	} {
		desktop.screenshotView(page.name, page.path)
	}
	phone := openBrowser(t, s, narrow, true)
	phone.signIn(adminEmail, adminPassword)
	phone.screenshotView("overview-narrow", "/overview")
}

// screenshotView opens a page and takes a screenshot of the part in the window.
func (b *browser) screenshotView(name, path string) {
	b.t.Helper()
	b.visit(path)
	image := runValue(b, "take a screenshot", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), image, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// populate creates users and roles, and makes successful and failed sign-ins of the users.
func populate(t *testing.T, s *server) {
	t.Helper()
	const password = "Correct-Horse-7"
	key := s.signInAdmin(t)
	users := []fields{}
	for i, name := range []string{
		"Ada Lovelace", "Grace Hopper", "Alan Turing", "Emmy Noether", "Charles Babbage", "Sophie Germain",
		"George Boole", "Mary Somerville", "Blaise Pascal", "Hedy Lamarr", "Konrad Zuse", "Maria Agnesi", "John Napier",
		"Henrietta Leavitt",
	} {
		var first, last string
		if _, err := fmt.Sscan(name, &first, &last); err != nil {
			t.Fatal(err)
		}
		users = append(users, fields{
			"name": first, "surname": last, "email": strings.ToLower(first) + "@example.com",
			"department": []string{"Engines", "Compilers", "Networks"}[i%3],
			"password":   password, "active": i%6 != 5,
		})
	}
	s.do(t, "POST", "/api/users", key, users).want(t, 201)
	roles := []fields{{"name": "Front desk", "description": "Helps people who cannot sign in."}}
	s.do(t, "POST", "/api/roles", key, roles).want(t, 201)
	s.do(t, "PUT", "/api/roles/3/permissions", key, []fields{
		{"entityName": "user", "action": "read", "entityIds": nil, "dynamicId": nil},
		{"entityName": "user", "action": "edit-access", "entityIds": nil, "dynamicId": nil},
		{"entityName": "session", "action": "read", "entityIds": nil, "dynamicId": nil},
	}).want(t, 200)
	s.do(t, "PUT", "/api/users/3/roles", key, fields{"roles": []int{2, 3}}).want(t, 200)
	for i := range 60 {
		name := users[i%5]["email"].(string)
		s.signIn(t, name, password)
	}
	for _, i := range []int{7, 7, 7, 0, 2, 3, 4, 6, 8, 9} { // index of the user; three failures lock user 7
		s.do(t, "POST", "/api/login", "", fields{"email": users[i]["email"], "password": "Wrong-Horse-77"})
	}
	s.do(t, "POST", "/api/users/forgotten-password", "", fields{"email": users[6]["email"]})
}

// spreadActivity distributes the sign-ins over the past month by changing their times in the database. The change
// invalidates the seals of the activity log, but no screenshot shows them.
func spreadActivity(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const day = 86_400_000_000 // microseconds
	_, err = db.Exec(`UPDATE activity SET at = at - (id * 11 + id / 3) % 29 * $1 WHERE action LIKE 'session.%'`, day)
	if err != nil {
		t.Fatal(err)
	}
}
