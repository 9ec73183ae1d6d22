package consoletest

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// AddUser creates an active user with Password as the password. Without roles the user gets the
// default roles.
func (s *Site) AddUser(email string, roles ...int64) account.User {
	s.T.Helper()
	admin := s.Principal(AdminEmail)
	created, err := s.CreateUsers(s.T.Context(), admin, []account.NewUser{{
		Email: email, Profile: account.Profile{Name: "Ada"}, Password: secret.New(Password), Active: true,
	}})
	if err != nil {
		s.T.Fatal(err)
	}
	if roles != nil {
		if _, err := s.SetUserRoles(s.T.Context(), admin, created[0].ID, roles); err != nil {
			s.T.Fatal(err)
		}
	}
	return created[0]
}

// Principal signs a user in through the API and returns their principal.
func (s *Site) Principal(email string) *account.Principal {
	s.T.Helper()
	from := account.Origin{ClientNetwork: "192.0.2.8"}
	in, err := s.SignIn(s.T.Context(), email, secret.New(Password), from)
	if err != nil {
		s.T.Fatal(err)
	}
	return Must(s.Authenticate(s.T.Context(), in.Token, from))
}

// AddPowerlessUser creates a user without any permission.
func (s *Site) AddPowerlessUser(email string) {
	s.T.Helper()
	created := Must(s.CreateRoles(s.T.Context(), s.Principal(AdminEmail), []account.NewRole{{Name: "Nothing"}}))
	s.AddUser(email, created[0].ID)
}

// AddUserWithReset creates a user who must choose a new password before anything else.
func (s *Site) AddUserWithReset(email string) {
	s.T.Helper()
	created := s.AddUser(email)
	given := secret.New(Password)
	up := account.UserUpdate{Password: &given}
	if _, err := s.UpdateUser(s.T.Context(), s.Principal(AdminEmail), created.ID, up); err != nil {
		s.T.Fatal(err)
	}
}

// CreateRole creates a role with permissions.
func (s *Site) CreateRole(name string, permissions ...access.PermissionRequest) access.Role {
	s.T.Helper()
	admin := s.Principal(AdminEmail)
	created := Must(s.CreateRoles(s.T.Context(), admin, []account.NewRole{{Name: name, Description: "For tests."}}))
	if permissions == nil {
		return created[0]
	}
	return Must(s.SetRolePermissions(s.T.Context(), admin, created[0].ID, permissions))
}

// RolePath returns the path of a role's page.
func RolePath(id int64) string { return "/roles/" + strconv.FormatInt(id, 10) }

// MayCreateUsers is the permission to create users.
var MayCreateUsers = access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionCreate}

// AddRoleFrom creates a role and returns its id. A permission is written "entity:action" and
// applies to all objects.
func (s *Site) AddRoleFrom(name string, permissions ...string) int64 {
	s.T.Helper()
	admin := s.Principal(AdminEmail)
	created, err := s.CreateRoles(s.T.Context(), admin, []account.NewRole{{Name: name}})
	if err != nil {
		s.T.Fatal(err)
	}
	var requests []access.PermissionRequest
	for _, p := range permissions {
		entity, action, _ := strings.Cut(p, ":")
		requests = append(requests, access.PermissionRequest{Entity: access.Entity(entity), Action: access.Action(action)})
	}
	if _, err := s.SetRolePermissions(s.T.Context(), admin, created[0].ID, requests); err != nil {
		s.T.Fatal(err)
	}
	return created[0].ID
}

// ProfileForm returns the values that the form about a user sends if nobody changes it.
func ProfileForm(u account.User) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"name": u.Name, "surname": OrEmpty(u.Surname), "department": OrEmpty(u.Department),
		"biography": OrEmpty(u.Biography), "email": u.Email, "active": "yes",
	} {
		v.Set(name, value)
		v.Set("was."+name, value)
	}
	return v
}

// OrEmpty returns the text that p points to, or "" if p is nil.
func OrEmpty(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// AddUsers creates active users with Password as their password, and returns their ids.
func (s *Site) AddUsers(names ...string) (ids []int64) {
	s.T.Helper()
	var users []account.NewUser
	for _, name := range names {
		users = append(users, account.NewUser{
			Profile: account.Profile{Name: name},
			Email:   strings.ToLower(name) + "@example.org", Active: true, Password: secret.New(Password),
		})
	}
	for _, u := range Must(s.CreateUsers(s.T.Context(), s.Principal(AdminEmail), users)) {
		ids = append(ids, u.ID)
	}
	return ids
}

// AddRole creates a role with permissions and returns its id.
func (s *Site) AddRole(name string, permissions ...access.PermissionRequest) int64 {
	s.T.Helper()
	admin := s.Principal(AdminEmail)
	created := Must(s.CreateRoles(s.T.Context(), admin, []account.NewRole{{Name: name}}))
	Must(s.SetRolePermissions(s.T.Context(), admin, created[0].ID, permissions))
	return created[0].ID
}

// FindUser returns the user with an id, as the first administrator sees them.
func (s *Site) FindUser(id int64) account.User {
	s.T.Helper()
	return Must(s.User(s.T.Context(), s.Principal(AdminEmail), id))
}

// Permission returns the request for a permission to do an action on all objects of an entity.
func Permission(e access.Entity, a access.Action) access.PermissionRequest {
	return access.PermissionRequest{Entity: e, Action: a}
}
