package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
)

const (
	contractKeyJSON = `{"id":4,"userId":18,"kind":"contract","name":"","hint":"7gHj","permissions":null,` +
		`"createdAt":"2026-03-01T09:30:00Z","expiresAt":null,"lastUsedAt":null}`
	namedKeyJSON = `{"id":5,"userId":18,"kind":"named","name":"nightly export","hint":"x7Qz",` +
		`"permissions":[{"entityName":"user","action":"read","entityIds":[3,4],"dynamicId":null}],` +
		`"createdAt":"2026-03-01T09:30:00Z","expiresAt":"2026-05-30T09:30:00Z","lastUsedAt":"2026-03-02T01:00:00Z"}`
	keysJSON    = "[" + contractKeyJSON + "," + namedKeyJSON + "]"
	sessionJSON = `{"id":31,"userId":18,"current":true,"device":"curl/8","source":"192.0.2.7",` +
		`"createdAt":"2026-03-01T09:30:00Z","lastSeenAt":"2026-03-01T10:12:00Z","expiresAt":"2026-03-01T22:12:00Z"}`
)

// keyServer returns a server for the operations on keys and sessions. The server
// appends each request that it receives to requests.
func keyServer(requests *[]string) *httptest.Server {
	mux := http.NewServeMux()
	answer := func(pattern string, status int, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			sent, _ := io.ReadAll(r.Body)
			*requests = append(*requests, fmt.Sprintf("%s %s %s", r.Method, r.URL, sent))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	answer("GET /api/api-key", 404,
		`{"statusCode":404,"error":"NO_API_KEY","message":"You have no API key yet. Make one first."}`)
	answer("POST /api/api-key", 200, `{"key":"usk_EXAMPLE-OF-AN-API-KEY"}`)
	answer("GET /api/keys", 200, keysJSON)
	answer("POST /api/keys", 201, `{"key":"usk_EXAMPLE-OF-AN-API-KEY","details":`+namedKeyJSON+`}`)
	answer("DELETE /api/keys", 204, "")
	answer("DELETE /api/keys/5", 204, "")
	answer("GET /api/sessions", 200, "["+sessionJSON+"]")
	answer("DELETE /api/sessions", 204, "")
	answer("DELETE /api/sessions/31", 204, "")
	answer("PATCH /api/users/18", 200, adaJSON)
	return httptest.NewServer(mux)
}

func TestKeysAndSessions(t *testing.T) {
	var requests []string
	server := keyServer(&requests)
	defer server.Close()
	c := newClient(t, server.URL, client.WithToken("usk_EXAMPLE"))
	ctx := t.Context()
	self := "self-user-id"
	for _, test := range []struct {
		call func() (any, error)
		sent string // method, path, body
		want string // JSON of the value that call returns
	}{
		{func() (any, error) { return c.Keys.RenewContractKey(ctx) }, "POST /api/api-key ", `"usk_EXAMPLE-OF-AN-API-KEY"`},
		{func() (any, error) { return c.Keys.List(ctx, 0) }, "GET /api/keys ", keysJSON},
		{func() (any, error) { return c.Keys.List(ctx, 18) }, "GET /api/keys?userId=18 ", keysJSON},
		{func() (any, error) {
			k, err := c.Keys.Create(ctx, client.NewAPIKey{Name: "n"})
			if k.Key != "usk_EXAMPLE-OF-AN-API-KEY" {
				t.Error("the answer lacks the key")
			}
			return k.Details, err
		}, `POST /api/keys {"name":"n"}`, namedKeyJSON},
		{func() (any, error) {
			k, err := c.Keys.Create(ctx, client.NewAPIKey{Name: "n", ExpiresInDays: 7, ReadOnly: true})
			return k.Details, err
		}, `POST /api/keys {"expiresInDays":7,"name":"n","readOnly":true}`, namedKeyJSON},
		{
			func() (any, error) {
				k, err := c.Keys.Create(ctx, client.NewAPIKey{Name: "n", Permissions: []client.Permission{
					{EntityName: "user", Action: "read", EntityIDs: []int64{3, 4}},
					{EntityName: "session", Action: "read", DynamicID: &self},
				}})
				return k.Details, err
			},
			`POST /api/keys {"name":"n","permissions":[{"action":"read","entityIds":[3,4],"entityName":"user"},` +
				`{"action":"read","dynamicId":"self-user-id","entityName":"session"}]}`, namedKeyJSON,
		},
		{func() (any, error) { return nil, c.Keys.Revoke(ctx, 5) }, "DELETE /api/keys/5 ", "null"},
		{func() (any, error) { return c.Sessions.List(ctx, 18) }, "GET /api/sessions?userId=18 ", "[" + sessionJSON + "]"},
		{func() (any, error) { return nil, c.Sessions.End(ctx, 31) }, "DELETE /api/sessions/31 ", "null"},
		{
			func() (any, error) { return nil, c.Sessions.EndAll(ctx, 0, true) },
			"DELETE /api/sessions?keepCurrent=true ", "null",
		},
		{func() (any, error) { return nil, c.Keys.RevokeAll(ctx, 0) }, "DELETE /api/keys ", "null"},
		{func() (any, error) { return nil, c.Keys.RevokeAll(ctx, 18) }, "DELETE /api/keys?userId=18 ", "null"},
		{func() (any, error) { return nil, c.Sessions.EndAll(ctx, 18, false) }, "DELETE /api/sessions?userId=18 ", "null"},
		{func() (any, error) {
			return c.Users.Update(ctx, 18, client.UserUpdate{Password: new("Battery-staple-8"), KeepKeys: true})
		}, `PATCH /api/users/18?keepKeys=true {"password":"Battery-staple-8"}`, adaJSON},
	} {
		value, err := test.call()
		if err != nil {
			t.Fatal(err)
		}
		if got := requests[len(requests)-1]; got != test.sent {
			t.Errorf("sent %s\nwant %s", got, test.sent)
		}
		got, err := json.Marshal(value)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got  %s, %v\nwant %s", test.sent, got, err, test.want)
		}
	}
	if _, err := c.Keys.GetContractKey(ctx); !errors.Is(err, client.CodeNoAPIKey) {
		t.Errorf("got %v", err)
	}
}

func ExampleKeysService_Create() {
	server := keyServer(new([]string))
	defer server.Close()
	ctx := context.Background()
	c := must(client.New(server.URL, client.WithToken("uss_EXAMPLE")))

	key := must(c.Keys.Create(ctx, client.NewAPIKey{Name: "nightly export", ReadOnly: true}))
	fmt.Println(key.Details.Name, "expires", key.Details.ExpiresAt.Format("2 January 2006"))
	fmt.Println(c.Keys.Revoke(ctx, key.Details.ID))
	// Output:
	// nightly export expires 30 May 2026
	// <nil>
}

func ExampleSessionsService_List() {
	server := keyServer(new([]string))
	defer server.Close()
	ctx := context.Background()
	c := must(client.New(server.URL, client.WithToken("uss_EXAMPLE")))

	for _, s := range must(c.Sessions.List(ctx, 0)) {
		fmt.Println(s.Device, s.Source, s.Current)
	}
	fmt.Println(c.Sessions.EndAll(ctx, 0, true))
	// Output:
	// curl/8 192.0.2.7 true
	// <nil>
}
