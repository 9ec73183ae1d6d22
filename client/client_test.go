package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func newClient(t *testing.T, baseURL string, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(baseURL, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBaseURL(t *testing.T) {
	for _, test := range []struct {
		url  string
		opts []client.Option
		want string // "" for an error
	}{
		{url: "https://usher.example.com", want: "https://usher.example.com/"},
		{url: "https://usher.example.com/", want: "https://usher.example.com/"},
		{url: "https://usher.example.com/accounts", want: "https://usher.example.com/accounts/"},
		{url: "http://127.0.0.1:8080", want: "http://127.0.0.1:8080/"},
		{url: "http://[::1]:8080", want: "http://[::1]:8080/"},
		{url: "http://localhost:8080", want: "http://localhost:8080/"},
		{url: "http://usher.example.com"},
		{url: "http://127.0.0.1.example.com"},
		{
			url: "http://usher.example.com", opts: []client.Option{client.WithInsecureHTTP()},
			want: "http://usher.example.com/",
		},
		{url: "usher.example.com"},
		{url: "ftp://usher.example.com"},
		{url: "https://"},
		{url: "https://ada:hidden@usher.example.com"},
		{url: "https://ada:hidden@usher.example.com:port"},
		{url: "https://usher.example.com?key=hidden"},
		{url: ""},
	} {
		c, err := client.New(test.url, test.opts...)
		switch {
		case err != nil && test.want != "":
			t.Errorf("New(%q): %v", test.url, err)
		case err == nil && c.BaseURL() != test.want:
			t.Errorf("New(%q) has the base URL %q, want %q", test.url, c.BaseURL(), test.want)
		case err != nil && strings.Contains(err.Error(), "hidden"):
			t.Errorf("New(%q) shows a secret: %v", test.url, err)
		}
	}
}

// TestRequests calls methods of the client and checks the requests that the server
// receives.
func TestRequests(t *testing.T) {
	user, list := adaJSON, "["+adaJSON+"]"
	for _, test := range []struct {
		name   string
		call   func(context.Context, *client.Client) error
		want   string // method, path, body
		token  bool
		status int
		answer string
	}{
		{"login", func(ctx context.Context, c *client.Client) error { _, err := c.Login(ctx, "a@b", "p"); return err },
			`POST /base/api/login {"email":"a@b","password":"p"}`, false,
			200, `{"authToken":"t","needPasswordReset":true}`},
		{"logout", func(ctx context.Context, c *client.Client) error { return c.Logout(ctx) },
			`POST /base/api/logout `, true, 204, ""},
		{"forgotten", func(ctx context.Context, c *client.Client) error { return c.ForgottenPassword(ctx, "a@b") },
			`POST /base/api/users/forgotten-password {"email":"a@b"}`, false, 200, "null"},
		{"retrieve", func(ctx context.Context, c *client.Client) error { return c.RetrievePassword(ctx, "t", "p") },
			`POST /base/api/users/retrieve-password {"newPassword":"p","token":"t"}`, false, 200, "null"},
		{"change", func(ctx context.Context, c *client.Client) error { return c.ChangePassword(ctx, "old", "new") },
			`PATCH /base/api/users/password {"newPassword":"new","oldPassword":"old"}`, true, 200, "null"},
		{"create with required fields", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Create(ctx, []client.NewUser{{Name: "n", Email: "a@b", Password: "p"}})
			return err
		}, `POST /base/api/users [{"email":"a@b","name":"n","password":"p"}]`, true, 201, list},
		{"create all", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Create(ctx, []client.NewUser{{
				Name: "n", Email: "a@b", Password: "p", Surname: new("s"),
				Department: new("d"), Biography: new("b"), Active: true, Picture: client.Picture{0, 255},
			}})
			return err
		}, `POST /base/api/users [{"active":true,"biography":"b","department":"d","email":"a@b","name":"n",` +
			`"password":"p","picture":[0,255],"surname":"s"}]`, true, 201, list},
		{"create none", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Create(ctx, nil)
			return err
		}, `POST /base/api/users []`, true, 201, list},
		{"update nothing", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Update(ctx, 18, client.UserUpdate{})
			return err
		}, `PATCH /base/api/users/18 {}`, true, 200, user},
		{"update all", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Update(ctx, 18, client.UserUpdate{
				Name: new("n"), Email: new("a@b"), Password: new("p"), Active: new(false), Unlock: true,
				Surname: client.Set("s"), Department: client.Set(""), Biography: client.Clear[string](),
				Picture: client.Set(client.Picture{7}),
			})
			return err
		}, `PATCH /base/api/users/18 {"active":false,"biography":null,"department":"","email":"a@b","name":"n",` +
			`"password":"p","picture":[7],"surname":"s","lockedOut":false}`, true, 200, user},
		{"clear picture", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Update(ctx, 18, client.UserUpdate{Picture: client.Clear[client.Picture]()})
			return err
		}, `PATCH /base/api/users/18 {"picture":null}`, true, 200, user},
		{"delete", func(ctx context.Context, c *client.Client) error { return c.Users.Delete(ctx, 18) },
			`DELETE /base/api/users/18 `, true, 204, ""},
		{"roles", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.SetRoles(ctx, 9007199254740993, []int64{2, 1})
			return err
		}, `PUT /base/api/users/9007199254740993/roles {"roles":[2,1]}`, true, 200, `{"roles":[1,2]}`},
		{"no roles", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.SetRoles(ctx, 1, nil)
			return err
		}, `PUT /base/api/users/1/roles {"roles":[]}`, true, 200, `{"roles":[]}`},
		{"get", func(ctx context.Context, c *client.Client) error { _, err := c.Users.Get(ctx, 18); return err },
			`GET /base/api/users/18 `, true, 200, user},
		{"list", func(ctx context.Context, c *client.Client) error { _, err := c.Users.List(ctx); return err },
			`GET /base/api/users `, true, 200, list},
		{"whoami", func(ctx context.Context, c *client.Client) error { _, err := c.Whoami(ctx); return err },
			`GET /base/api/users/whoami `, true, 200, whoamiJSON},
		{"find", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Find(ctx, client.UserFilter{})
			return err
		}, `GET /base/api/users?limit=100 `, true, 200, list},
		{"find by all", func(ctx context.Context, c *client.Client) error {
			_, err := c.Users.Find(ctx, client.UserFilter{
				Search: "a b", RoleID: 2, Active: new(false), Locked: new(true), Provider: client.ProviderLDAP,
				Sort: client.SortByNameDown, Limit: 7, Cursor: "c",
			})
			return err
		}, `GET /base/api/users?search=a+b&role=2&active=false&locked=true&provider=ldap&sort=-name&cursor=c&limit=7 `,
			true, 200, list},
		{"invite", func(ctx context.Context, c *client.Client) error { return c.Users.Invite(ctx, 18) },
			`POST /base/api/users/18/invitation `, true, 204, ""},
		{"begin import", func(ctx context.Context, c *client.Client) error {
			_, err := c.Imports.Begin(ctx, true)
			return err
		}, `POST /base/api/imports {"dryRun":true}`, true, 201, importJSON},
		{"import", func(ctx context.Context, c *client.Client) error { _, err := c.Imports.Get(ctx, 4); return err },
			`GET /base/api/imports/4 `, true, 200, importJSON},
		{"import rows", func(ctx context.Context, c *client.Client) error {
			_, err := c.Imports.AddRows(ctx, 4, 3, []client.ImportUser{
				{Name: "n", Email: "a@b"},
				{
					Name: "m", Email: "c@d", Active: true, Surname: new("s"),
					Department: new("d"), Biography: new("b"), Password: new("p"), PasswordHash: new("h"),
				},
			})
			return err
		}, `POST /base/api/imports/4/rows {"first":3,"users":[{"email":"a@b","name":"n"},` +
			`{"active":true,"biography":"b","department":"d","email":"c@d","name":"m","password":"p","passwordHash":"h",` +
			`"surname":"s"}]}`,
			true, 200, `{"faults":[{"row":3,"path":"/email","message":"m"}],"import":` + importJSON + `}`},
		{"finish import", func(ctx context.Context, c *client.Client) error {
			_, err := c.Imports.Finish(ctx, 4)
			return err
		}, `POST /base/api/imports/4/finish `, true, 200, importJSON},
		{"undo import", func(ctx context.Context, c *client.Client) error {
			_, err := c.Imports.Undo(ctx, 4)
			return err
		}, `DELETE /base/api/imports/4 `, true, 200, importJSON},
		{"mails", func(ctx context.Context, c *client.Client) error { _, err := c.Mail.List(ctx); return err },
			`GET /base/api/mail `, true, 200, "[" + mailJSON + "]"},
		{"mail", func(ctx context.Context, c *client.Client) error { _, err := c.Mail.Get(ctx, 7); return err },
			`GET /base/api/mail/7 `, true, 200, mailJSON},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got string
			var header http.Header
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got, header = r.Method+" "+r.URL.RequestURI()+" "+strings.TrimSpace(string(body)), r.Header
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.answer)
			})
			c := newClient(t, url+"/base", client.WithToken("uss_hidden"), client.WithUserAgent("test/1"))
			if err := test.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("sent %s\nwant %s", got, test.want)
			}
			if sent := header.Get("x-api-key") == "uss_hidden"; sent != test.token {
				t.Errorf("token sent: %v, want %v", sent, test.token)
			}
			if header.Get("User-Agent") != "test/1" {
				t.Errorf("User-Agent: %q", header.Get("User-Agent"))
			}
		})
	}
}

// TestAnswersMarshalAsTheContract decodes answers into the client's types and encodes
// them again. The JSON must be the same.
func TestAnswersMarshalAsTheContract(t *testing.T) {
	server := contractServer()
	defer server.Close()
	c := newClient(t, server.URL, client.WithToken("usk_EXAMPLE"))
	for _, test := range []struct {
		want string
		read func() (any, error)
	}{
		{"[" + adminJSON + "," + adaJSON + "]", func() (any, error) { return c.Users.List(t.Context()) }},
		{whoamiJSON, func() (any, error) { return c.Whoami(t.Context()) }},
		{"[" + newMailJSON + "," + mailJSON + "]", func() (any, error) { return c.Mail.List(t.Context()) }},
		{"[" + activityJSON + "]", func() (any, error) {
			page, err := c.Activity.List(t.Context(), client.ActivityFilter{}, "", 10)
			return page.Entries, err
		}},
	} {
		value, err := test.read()
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// TestSetOfNilSlice checks that Set with a nil slice sends an empty list. Only Clear
// sends null.
func TestSetOfNilSlice(t *testing.T) {
	update := client.LDAPConfigurationUpdate{AllowedGroups: client.Set[[]client.AllowedGroup](nil)}
	if got, err := json.Marshal(update); err != nil || string(got) != `{"allowedGroups":[]}` {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := json.Marshal(client.Set[client.Picture](nil)); err != nil || string(got) != `[]` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestPictureRefusesOtherThanBytes(t *testing.T) {
	for _, text := range []string{`[256]`, `[-1]`, `"AQ=="`, `[1.5]`} {
		if err := json.Unmarshal([]byte(text), new(client.Picture)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const hidden = "Hidden-secret-1"
	c := newClient(t, "https://usher.example.com", client.WithToken(hidden))
	values := []any{c, *c, c.WithToken(hidden),
		client.NewUser{Password: hidden}, []client.NewUser{{Password: hidden}}, &client.NewUser{Password: hidden},
		client.UserUpdate{Password: new(hidden)}, client.LoginResult{Token: hidden},
		client.ImportUser{Password: new(hidden), PasswordHash: new(hidden)}, client.CreatedKey{Key: hidden}}

	var shown bytes.Buffer
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("m", "value", value)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("m", "value", value)
	}
	if text := shown.String(); strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
		t.Errorf("a secret is shown:\n%s", text)
	}
}

func TestErrorsHoldNoToken(t *testing.T) {
	const hidden = "uss_hidden\r\nX-Evil: 1"
	c := newClient(t, "https://usher.example.com", client.WithToken(hidden))
	_, err := c.Whoami(t.Context())
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s got the token %q", r.URL, r.Header.Get("x-api-key"))
	})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusPermanentRedirect)
	})
	own := &http.Client{}
	c := newClient(t, url, client.WithToken("uss_hidden"), client.WithHTTPClient(own))
	_, err := c.Whoami(t.Context())
	if answer, ok := errors.AsType[*client.Error](err); !ok || answer.StatusCode != http.StatusPermanentRedirect {
		t.Errorf("got %v", err)
	}
	if own.CheckRedirect != nil {
		t.Error("the HTTP client of the caller was changed")
	}
}
