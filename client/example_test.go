package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/seed-3a99a2fe/usher/client"
)

// JSON answers of contractServer, in the form that the contract defines.
const (
	adminJSON = `{"id":1,"name":"Admin","surname":null,"email":"admin@example.com","provider":"tenable",` +
		`"identifier":"admin@example.com","department":null,"biography":null,"active":true,"picture":null,` +
		`"lockedOut":false,"eulaVersion":-1,"roles":[1]}`
	adaJSON = `{"id":18,"name":"Ada","surname":"Lovelace","email":"ada@example.com","provider":"tenable",` +
		`"identifier":"ada@example.com","department":"Engines","biography":null,"active":true,"picture":[1,255],` +
		`"lockedOut":false,"eulaVersion":-1,"roles":[2]}`
	whoamiJSON = `{"id":18,"name":"Ada","surname":"Lovelace","email":"ada@example.com","provider":"tenable",` +
		`"identifier":"ada@example.com","department":"Engines","biography":null,"active":true,"picture":null,` +
		`"lockedOut":false,"eulaVersion":-1,"internal":false,` +
		`"roles":[{"id":2,"name":"User","description":"What every user may do with the own account.",` +
		`"permissions":[{"entityName":"user","action":"read","entityIds":null,"dynamicId":"self-user-id"}]}]}`
	mailJSON = `{"id":7,"kind":"recovery","recipient":"ada@example.com","state":"delivered","attempts":2,` +
		`"createdAt":"2026-03-01T09:30:00Z","nextAttemptAt":null,"deliveredAt":"2026-03-01T09:30:31Z","lastError":null}`
	activityJSON = `{"id":77,"at":"2026-03-01T09:30:00Z","actor":{"id":1,"name":"admin@example.com"},` +
		`"credential":{"kind":"session","id":31},"source":"192.0.2.7","action":"user.update",` +
		`"target":{"kind":"user","id":18,"name":"ada@example.com"},` +
		`"changes":[{"field":"department","from":null,"to":"Engines"}],"count":1,"sealed":true}`
	newMailJSON = `{"id":8,"kind":"recovery","recipient":null,"state":"requested","attempts":0,` +
		`"createdAt":"2026-03-01T09:31:00Z","nextAttemptAt":"2026-03-01T09:31:00Z","deliveredAt":null,"lastError":null}`
)

// contractServer returns a server that sends a successful answer for each operation. If the
// operation needs a token and the request has none, the answer is 401.
func contractServer() *httptest.Server {
	mux := http.NewServeMux()
	answer := func(pattern string, status int, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Request-Id", "4c9f1c1e0d5b4d0f")
			open := r.URL.Path == "/api/login" ||
				r.URL.Path == "/api/users/forgotten-password" || r.URL.Path == "/api/users/retrieve-password"
			if (r.Header.Get("x-api-key") == "") != open {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"statusCode":401,"error":"UNAUTHORIZED","message":"This needs a valid credential."}`)
				return
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	answer("POST /api/login", 200, `{"authToken":"uss_EXAMPLE-OF-A-SESSION-TOKEN","needPasswordReset":false}`)
	answer("POST /api/logout", 204, "")
	answer("GET /api/users/whoami", 200, whoamiJSON)
	answer("PATCH /api/users/password", 200, "null")
	answer("POST /api/users/forgotten-password", 200, "null")
	answer("POST /api/users/retrieve-password", 200, "null")
	answer("GET /api/users", 200, "["+adminJSON+","+adaJSON+"]\n")
	answer("POST /api/users", 201, "["+adaJSON+"]")
	answer("GET /api/users/18", 200, adaJSON)
	answer("GET /api/users/99", 404,
		`{"statusCode":404,"error":"NOT_FOUND","message":"There is nothing with this id."}`)
	answer("PATCH /api/users/18", 200, adaJSON)
	answer("DELETE /api/users/18", 204, "")
	answer("PUT /api/users/18/roles", 200, `{"roles":[1,2]}`)
	answer("POST /api/roles", 201, "["+deskJSON+"]")
	answer("PUT /api/roles/3/permissions", 200, deskJSON)
	answer("GET /api/mail", 200, "["+newMailJSON+","+mailJSON+"]")
	answer("GET /api/mail/7", 200, mailJSON)
	answer("GET /api/activity-log", 200, "["+activityJSON+"]")
	answer("GET /api/activity-log/export", 200, activityJSON+"\n"+activityJSON+"\n")
	return httptest.NewServer(mux)
}

// must returns value and panics on an error, to keep the examples short.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func Example() {
	server := contractServer()
	defer server.Close()
	ctx := context.Background()

	c := must(client.New(server.URL))
	session := must(c.Login(ctx, "ada@example.com", "Correct-horse-7"))
	c = c.WithToken(session.Token)

	me := must(c.Whoami(ctx))
	fmt.Println("signed in as", me.Name, "with the role", me.Roles[0].Name)
	fmt.Println("printed, the session is", session)

	if err := c.Logout(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// signed in as Ada with the role User
	// printed, the session is {******** false}
}

func ExampleNew() {
	_, err := client.New("http://usher.example.com")
	fmt.Println(err)

	c := must(client.New(
		"https://usher.example.com", client.WithToken("usk_EXAMPLE"), client.WithUserAgent("nightly-sync/1.2"),
	))
	fmt.Println(c)
	// Output:
	// usher: plain HTTP to usher.example.com would send passwords and tokens in clear; use https
	// usher client of https://usher.example.com/ with a token
}

func ExampleError() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))

	_, err := c.Users.Get(context.Background(), 99)
	if errors.Is(err, client.CodeNotFound) {
		fmt.Println("no such user")
	}
	var answer *client.Error
	if errors.As(err, &answer) {
		fmt.Println(answer.StatusCode, answer.Message, "Request", answer.RequestID)
	}
	// Output:
	// no such user
	// 404 There is nothing with this id. Request 4c9f1c1e0d5b4d0f
}

func ExampleUsersService_All() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))

	for user, err := range c.Users.All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(user.ID, user.Email)
	}
	// Output:
	// 1 admin@example.com
	// 18 ada@example.com
}

func ExampleUsersService_Create() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))

	users := must(c.Users.Create(context.Background(), []client.NewUser{
		{Name: "Ada", Surname: new("Lovelace"), Email: "ada@example.com", Password: "Correct-horse-7", Active: true},
	}))
	fmt.Println(users[0].ID, users[0].Name, *users[0].Surname)
	// Output: 18 Ada Lovelace
}

func ExampleUsersService_Update() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))

	user := must(c.Users.Update(context.Background(), 18, client.UserUpdate{
		Department: client.Set("Engines"),
		Biography:  client.Clear[string](),
		Active:     new(true),
		Unlock:     true,
	}))
	fmt.Println(*user.Department, user.Biography == nil)
	// Output: Engines true
}

func ExampleUsersService_List() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))
	fmt.Println(len(must(c.Users.List(context.Background()))), "users")
	// Output: 2 users
}

func ExampleUsersService_SetRoles() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))
	fmt.Println(must(c.Users.SetRoles(context.Background(), 18, []int64{2, 1})))
	// Output: [1 2]
}

func ExampleUsersService_Delete() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))
	fmt.Println(c.Users.Delete(context.Background(), 18))
	// Output: <nil>
}

func ExampleClient_ChangePassword() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("uss_EXAMPLE")))
	fmt.Println(c.ChangePassword(context.Background(), "Correct-horse-7", "Battery-staple-8"))
	// Output: <nil>
}

// A user who has forgotten the password requests a mail message and sets a new password
// with the token in the message.
func ExampleClient_RetrievePassword() {
	server := contractServer()
	defer server.Close()
	ctx := context.Background()

	c := must(client.New(server.URL))
	fmt.Println(c.ForgottenPassword(ctx, "ada@example.com"))
	fmt.Println(c.RetrievePassword(ctx, "usr_EXAMPLE-OF-A-RECOVERY-TOKEN", "Battery-staple-8"))
	// Output:
	// <nil>
	// <nil>
}

func ExampleMailService_List() {
	server := contractServer()
	defer server.Close()
	ctx := context.Background()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))

	for _, m := range must(c.Mail.List(ctx)) {
		fmt.Println(m.ID, m.State, m.Attempts)
	}
	fmt.Println(*must(c.Mail.Get(ctx, 7)).Recipient)
	// Output:
	// 8 requested 0
	// 7 delivered 2
	// ada@example.com
}

func ExampleActivityService_Export() {
	server := contractServer()
	defer server.Close()
	c := must(client.New(server.URL, client.WithToken("usk_EXAMPLE")))

	for entry, err := range c.Activity.Export(context.Background(), client.ActivityFilter{Action: "user.*"}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(entry.Actor.Name, entry.Action, entry.Target.Name)
	}
	// Output:
	// admin@example.com user.update ada@example.com
	// admin@example.com user.update ada@example.com
}
