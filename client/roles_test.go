package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
)

const deskJSON = `{"id":3,"name":"Desk","description":"d","permissions":[` +
	`{"entityName":"user","action":"read","entityIds":[4,9],"dynamicId":null},` +
	`{"entityName":"user","action":"edit","entityIds":null,"dynamicId":"self-user-id"}]}`

// TestRoleRequests calls the methods of RolesService and checks the requests that the
// server receives.
func TestRoleRequests(t *testing.T) {
	self := client.SelfUserID
	for _, test := range []struct {
		call   func(context.Context, *client.Client) (any, error)
		want   string // method, path, body
		answer string
	}{
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.List(ctx)
		}, "GET /api/roles ", "[" + deskJSON + "]"},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.ListDefaults(ctx)
		}, "GET /api/roles/user-creation-defaults ", "[" + deskJSON + "]"},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.Get(ctx, 3)
		}, "GET /api/roles/3 ", deskJSON},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.Create(ctx, []client.NewRole{{Name: "Desk", Description: "d"}})
		}, `POST /api/roles [{"description":"d","name":"Desk"}]`, "[" + deskJSON + "]"},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.Copy(ctx, 1, "Desk")
		}, `POST /api/roles/from/1 {"name":"Desk"}`, deskJSON},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.Update(ctx, 3, client.RoleUpdate{Name: new("Desk")})
		}, `PATCH /api/roles/3 {"name":"Desk"}`, deskJSON},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.SetPermissions(ctx, 3, []client.Permission{
				{EntityName: "user", Action: "read", EntityIDs: []int64{4, 9}},
				{EntityName: "user", Action: "edit", DynamicID: &self},
				{EntityName: "role", Action: "read"}, {EntityName: "role", Action: "edit", EntityIDs: []int64{}},
			})
		}, `PUT /api/roles/3/permissions [{"action":"read","entityIds":[4,9],"entityName":"user"},` +
			`{"action":"edit","dynamicId":"self-user-id","entityName":"user"},` +
			`{"action":"read","entityName":"role"},{"action":"edit","entityIds":[],"entityName":"role"}]`, deskJSON},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return c.Roles.SetPermissions(ctx, 3, nil)
		}, `PUT /api/roles/3/permissions []`, deskJSON},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return nil, c.Roles.Delete(ctx, 3)
		}, "DELETE /api/roles/3 ", "null"},
		{func(ctx context.Context, c *client.Client) (any, error) {
			return nil, c.Roles.Replace(ctx, 3, 2)
		}, "DELETE /api/roles/3?replaceWith=2 ", "null"},
	} {
		t.Run(test.want, func(t *testing.T) {
			var got string
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.URL.String() + " " + strings.TrimSpace(string(body))
				_, _ = io.WriteString(w, test.answer)
			})
			value, err := test.call(t.Context(), newClient(t, url, client.WithToken("uss_hidden")))
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("sent %s\nwant %s", got, test.want)
			}
			if answer, err := json.Marshal(value); err != nil || string(answer) != test.answer {
				t.Errorf("read %s, %v\nwant %s", answer, err, test.answer)
			}
		})
	}
}

// The example makes a role that allows its users to reset passwords, and nothing else.
func ExampleRolesService_SetPermissions() {
	server := contractServer()
	defer server.Close()
	c, err := client.New(server.URL, client.WithToken("usk_EXAMPLE"))
	if err != nil {
		panic(err)
	}
	roles, err := c.Roles.Create(context.Background(), []client.NewRole{
		{Name: "Desk", Description: "Resets passwords."},
	})
	if err != nil {
		panic(err)
	}
	_, err = c.Roles.SetPermissions(context.Background(), roles[0].ID, []client.Permission{
		{EntityName: "user", Action: "read"},
		{EntityName: "user", Action: "edit-access"},
	})
	if err != nil {
		panic(err)
	}
	// Output:
}
