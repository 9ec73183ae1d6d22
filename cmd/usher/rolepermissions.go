package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
)

type rolesPermissionsCmd struct {
	Role  roleArg  `arg:"" help:"Id or name."`
	Grant []string `env:"-" sep:"none" xor:"permissions" placeholder:"PERMISSION" help:"A permission that the role shall have, as ENTITY:ACTION, ENTITY:ACTION:self or ENTITY:ACTION:ID,ID. Can be given many times; the role has these then, and no others."`
	File  string   `env:"-" xor:"permissions" placeholder:"FILE" help:"The same from a JSON file, - for standard input, in the form that --output json has."`
	None  bool     `env:"-" xor:"permissions" help:"Take all permissions away."`
}

// Help is the text below the usage line.
func (rolesPermissionsCmd) Help() string {
	return `Entities are user, role, api-key, session, activity-log, mail, lockout-policy, application-settings, ldap-configuration and saml-configuration.
Actions are read, create, edit, edit-access, delete and assign; to edit, delete or assign needs read of the same. ` + "`usher roles get 1`" + ` lists all that there is.

Examples:
  usher roles permissions 2
  usher roles permissions "Front desk" --grant user:read --grant user:edit-access --grant role:read:3,4 --grant user:edit:self
  usher roles permissions 2 --output json | usher roles permissions "Front desk" --file -`
}

// Run shows or replaces the permissions of a role.
func (cmd *rolesPermissionsCmd) Run(a *app) error {
	permissions, err := cmd.wanted(a)
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	r, err := cmd.Role.find(a, c)
	if err != nil {
		return err
	}
	if permissions != nil {
		if r, err = c.SetRolePermissions(a.ctx, r.ID, permissions); err != nil {
			return err
		}
		a.warnOfUnknown(c, r.Permissions)
	}
	return a.show(r.Permissions, permissionTable(r.Permissions))
}

// administratorRole is the role that has every permission of its server.
const administratorRole = 1

// warnOfUnknown tells which permissions grant nothing, since the server does not
// know their names: it keeps them for a release that does. Who may not read the
// role to compare with is told nothing.
func (a *app) warnOfUnknown(c *client.Client, permissions []client.Permission) {
	all, err := c.Role(a.ctx, administratorRole)
	if err != nil {
		return
	}
	for _, p := range permissions {
		same := func(q client.Permission) bool { return p.EntityName == q.EntityName && p.Action == q.Action }
		if !slices.ContainsFunc(all.Permissions, same) {
			warning := fmt.Sprintf("usher: %s:%s is no permission that this server knows: it grants nothing", p.EntityName, p.Action)
			fmt.Fprintln(a.stderr, printable(warning))
		}
	}
}

// wanted returns the permissions that the role shall have; nil: those it has.
func (cmd *rolesPermissionsCmd) wanted(a *app) ([]client.Permission, error) {
	switch {
	case cmd.None:
		return []client.Permission{}, nil
	case cmd.File != "":
		permissions, err := readPermissions(a, cmd.File)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", cmd.File, err)
		}
		return permissions, nil
	}
	var permissions []client.Permission
	for _, text := range cmd.Grant {
		p, err := parsePermission(text)
		if err != nil {
			return nil, err
		}
		permissions = append(permissions, p)
	}
	return permissions, nil
}

// parsePermission reads "user:read", "user:edit:self" or "role:read:3,4".
func parsePermission(text string) (client.Permission, error) {
	wrong := withHint(usage("%q is no permission", text), "write it as user:read, user:edit:self or role:read:3,4")
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" {
		return client.Permission{}, wrong
	}
	p := client.Permission{EntityName: parts[0], Action: parts[1]}
	switch {
	case len(parts) == 2:
		return p, nil
	case parts[2] == "self":
		p.DynamicID = new(client.SelfUserID)
		return p, nil
	}
	for part := range strings.SplitSeq(parts[2], ",") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil || id < 1 {
			return client.Permission{}, wrong
		}
		p.EntityIDs = append(p.EntityIDs, id)
	}
	return p, nil
}

// maxPermissionFile is more than a server takes.
const maxPermissionFile = 1 << 20

// readPermissions reads a JSON array of permissions, in the form of the contract.
func readPermissions(a *app, file string) ([]client.Permission, error) {
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, errors.Unwrap(err) // the caller names the file
		}
		defer f.Close()
		in = f
	}
	decoder := json.NewDecoder(io.LimitReader(in, maxPermissionFile))
	decoder.DisallowUnknownFields()
	var read []struct {
		EntityName string         `json:"entityName"`
		Action     string         `json:"action"`
		EntityIDs  *[]json.Number `json:"entityIds"` // numbers or digits
		DynamicID  *string        `json:"dynamicId"`
	}
	if err := decoder.Decode(&read); err != nil || read == nil {
		return nil, withHint(errors.New("it is not a list of permissions"),
			"it must be a JSON array of objects with entityName, action, entityIds and dynamicId, as `usher roles permissions ROLE --output json` writes it")
	}
	permissions := make([]client.Permission, len(read))
	for i, p := range read {
		permissions[i] = client.Permission{EntityName: p.EntityName, Action: p.Action, DynamicID: p.DynamicID}
		if p.EntityIDs == nil {
			continue
		}
		permissions[i].EntityIDs = []int64{} // an empty list is the server's to refuse
		for _, text := range *p.EntityIDs {
			id, err := text.Int64()
			if err != nil {
				return nil, fmt.Errorf("/%d/entityIds: %s is no id", i, text)
			}
			permissions[i].EntityIDs = append(permissions[i].EntityIDs, id)
		}
	}
	return permissions, nil
}

func permissionTable(permissions []client.Permission) table {
	t := table{header: []string{"ENTITY", "ACTION", "SCOPE"}}
	for _, p := range permissions {
		t.rows = append(t.rows, []string{p.EntityName, p.Action, scopeText(p)})
	}
	return t
}
