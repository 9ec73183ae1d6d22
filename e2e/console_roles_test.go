package e2e_test

import (
	"fmt"
	"testing"
)

func TestConsoleRoles(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		key := b.server.signInAdmin(t)
		newRoles := []fields{{"name": "Help desk", "description": "Answers the telephone, and ends locks."}}
		created := decode[[]user](t, b.server.do(t, "POST", "/api/roles", key, newRoles).want(t, 201))[0]
		path := fmt.Sprintf("/roles/%d", created.ID)
		b.server.do(t, "PUT", "/api"+path+"/permissions", key, []fields{
			{"entityName": "user", "action": "read", "entityIds": nil, "dynamicId": nil},
			{"entityName": "session", "action": "read", "entityIds": []int64{1, 14}, "dynamicId": nil},
			{"entityName": "webhook", "action": "read", "entityIds": nil, "dynamicId": nil},
		}).want(t, 200)

		b.signIn(adminEmail, adminPassword)
		b.visit("/roles")
		b.want("Help desk", "Built in")
		b.check("roles")
		b.press("New role")
		b.fill("name", "User")
		b.press("Create the role")
		b.want("Is the name of another role")
		b.check("role-new")
		b.fill("name", "Auditor")
		b.press("Create the role")
		b.want("The role was created.")

		b.visit(path)
		b.want("webhook:read", "This release does not know them")
		b.check("role")
		b.fill("role:edit", "all")
		b.fill("user:edit", "ids")
		b.press("Save the permissions")
		b.want("Write at least one id")
		b.fill("user:edit.ids", "1")
		b.press("Save the permissions")
		b.want("must see the same ones")
		b.check("role-refused")
		b.fill("role:read", "all")
		b.press("Save the permissions")
		b.want("The permissions were saved.")

		b.press("Copy this role")
		b.check("role-copy")
		b.press("Create the copy")
		b.want("The copy was created.", "Copy of Help desk")
		b.press("Delete…")
		b.fill("name", "Help desk")
		b.press("Delete the role")
		b.want("This is not the name of the role.")
		b.check("role-delete")
		b.fill("name", "Copy of Help desk")
		b.press("Delete the role")
		b.want("was deleted")
		b.visit("/roles/1")
		b.want("This role is built in")
		b.check("role-built-in")
	})
}
