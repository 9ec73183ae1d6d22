package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
)

func TestConsoleUsers(t *testing.T) {
	eachBrowser(t, options{}, func(t *testing.T, b *browser) {
		admin := b.server.signInAdmin(t)
		var users []fields
		for i := range 60 {
			users = append(users, fields{
				"name": fmt.Sprintf("Person %02d", i), "email": fmt.Sprintf("person%02d@example.com", i),
				"password": adminPassword, "active": i%3 > 0,
			})
		}
		b.server.do(t, "POST", "/api/users", admin, users).want(t, http.StatusCreated)
		b.signIn(adminEmail, adminPassword)

		b.visit("/users")
		b.want("50 users on this page", "Person 00", "inactive")
		b.check("users")
		b.press("Next page")
		b.want("11 users on this page", "Person 59")
		b.fill("search", "nobody at all")
		b.press("Filter")
		b.want("Nobody fits these filters.")
		b.check("users-nobody")
		b.fill("search", "person0")
		b.fill("active", "true")
		b.press("Filter")
		b.want("6 users on this page")

		b.press("Go on")
		b.want("Choose the users first.")
		if b.scripts {
			b.click("[data-all]")
		} else {
			for id := range 10 {
				if id%3 > 0 {
					b.click(fmt.Sprintf("[name=id][value='%d']", id+2))
				}
			}
		}
		b.fill("action", "deactivate")
		b.press("Go on")
		b.want("Deactivate 6 users?", "Person 01", "Their sessions end")
		b.check("users-several")
		b.press("Deactivate")
		b.want("6 users are inactive.", "Nobody fits these filters.")

		b.visit("/users?sort=id")
		b.click("[name=id][value='1']")
		b.click("[name=id][value='2']")
		b.fill("action", "activate")
		b.press("Go on")
		b.press("Activate")
		b.want("One user was left as before", "One user is active.", "Through your own id")
		b.check("users-refused")

		b.visit("/users/new")
		b.check("user-new")
		b.fill("email", adminEmail)
		b.fill("name", "Ada")
		b.press("Create the user")
		b.want("Nothing was changed. See what is marked below.", "Is the address of another user.")
		b.click("[name=begin][value=password]")
		b.fill("password", "too weak")
		b.fill("repeat", "too weak")
		b.fill("email", "ada@example.com")
		b.press("Create the user")
		b.want("Must have at least 12 characters")
		b.check("user-new-refused")
		b.fill("password", adminPassword)
		b.fill("repeat", adminPassword)
		b.press("Create the user")
		b.want("The user was created, and may sign in now.", "ada@example.com")

		b.server.signIn(t, "ada@example.com", adminPassword)
		b.visit(b.address())
		b.fill("surname", "Lovelace")
		b.press("Save")
		b.want("The changes are saved.", "Ada Lovelace", "Recent activity", "Made a user")
		b.check("user")
		b.fill("email", adminEmail)
		b.press("Save")
		b.want("Edit Ada Lovelace", "Is the address of another user.")
		b.check("user-refused")
		b.press("Ada Lovelace")
		b.click("[name=role][value='1']")
		b.press("Save the roles")
		b.want("The roles are saved.", "Global Administrator")
		b.press("Send an invitation")
		b.want("An invitation to ada@example.com is on its way.")
		b.press("End all")
		b.want("Not signed in anywhere.")

		b.press("Set a password")
		b.check("user-password")
		b.fill("password", adminPassword)
		b.fill("repeat", "something else")
		b.press("Set the password")
		b.want("The two passwords differ.")
		b.fill("password", adminPassword)
		b.fill("repeat", adminPassword)
		b.press("Set the password")
		b.want("The password is set.", "must change password")

		b.press("Delete")
		b.want("Delete one user?")
		b.fill("typed", "Ada")
		b.press("Delete")
		b.want("This is not the same.")
		b.check("user-delete")
		b.fill("typed", "Ada Lovelace")
		b.press("Delete")
		b.want("One user is deleted.")
	})
}
