package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

type rolesPermissionsCmd struct {
	Role  string   `arg:"" help:"Id or name."`
	Grant []string `env:"-" sep:"none" xor:"permissions" placeholder:"PERMISSION" help:"A permission that the role shall have, as ENTITY:ACTION, ENTITY:ACTION:self or ENTITY:ACTION:ID,ID. Repeatable; the role has only these permissions afterwards."`
	File  string   `env:"-" xor:"permissions" placeholder:"FILE" help:"The permissions from a JSON file, - for standard input, in the format of --output json."`
	None  bool     `env:"-" xor:"permissions" help:"Remove all permissions."`
}

// Help returns the text that --help shows below the usage line.
func (rolesPermissionsCmd) Help() string {
	return `Entities are user, role, api-key, session, activity-log, mail, lockout-policy, application-settings,
ldap-configuration and saml-configuration. Actions are read, create, edit, edit-access, delete and assign;
edit, delete and assign need read on the same entity. ` + "`usher roles get 1`" + ` lists all that exist.

Examples:
  usher roles permissions 2
  usher roles permissions "Front desk" --grant user:read --grant user:edit-access
  usher roles permissions "Front desk" --grant role:read:3,4 --grant user:edit:self
  usher roles permissions 2 --output json | usher roles permissions "Front desk" --file -`
}

// Run shows the permissions of a role, or replaces them.
func (cmd *rolesPermissionsCmd) Run(ctx context.Context, c *CLI) error {
	permissions, err := cmd.newPermissions(c.Stdin)
	if err != nil {
		return err
	}
	api, r, err := c.signInForRole(ctx, cmd.Role)
	if err != nil {
		return err
	}
	if permissions != nil {
		if r, err = api.Roles.SetPermissions(ctx, r.ID, permissions); err != nil {
			return err
		}
		c.warnOfUnknown(ctx, api, r.Permissions)
	}
	return c.Show(r.Permissions, permissionTable(r.Permissions))
}

// administratorRole is the id of the built-in role that has every permission that its server knows.
const administratorRole = 1

// warnOfUnknown prints a warning for each permission that the server doesn't know. The server keeps such a permission
// for a later release, but it grants nothing.
//
// The administrators' role has every permission that the server knows. If the caller may not read that role,
// warnOfUnknown prints no warning.
func (c *CLI) warnOfUnknown(ctx context.Context, api *client.Client, permissions []client.Permission) {
	all, err := api.Roles.Get(ctx, administratorRole)
	if err != nil {
		return
	}
	for _, p := range permissions {
		same := func(q client.Permission) bool { return p.EntityName == q.EntityName && p.Action == q.Action }
		if !slices.ContainsFunc(all.Permissions, same) {
			c.Warn("usher: %s:%s is no permission that this server knows: it grants nothing", p.EntityName, p.Action)
		}
	}
}

// newPermissions returns the permissions that the flags give to the role. It returns nil if there is no such flag.
func (cmd *rolesPermissionsCmd) newPermissions(stdin io.Reader) ([]client.Permission, error) {
	switch {
	case cmd.None:
		return []client.Permission{}, nil
	case cmd.File != "":
		permissions, err := readPermissions(stdin, cmd.File)
		if err != nil {
			return nil, fileError("read", cmd.File, err)
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

// parsePermission parses the text of a permission, such as "user:read", "user:edit:self" or "role:read:3,4".
func parsePermission(text string) (client.Permission, error) {
	syntaxError := command.WithHint(command.UsageErrorf("%q is no permission", text),
		"write it as user:read, user:edit:self or role:read:3,4")
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" {
		return client.Permission{}, syntaxError
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
			return client.Permission{}, syntaxError
		}
		p.EntityIDs = append(p.EntityIDs, id)
	}
	return p, nil
}

// maxPermissionFile is the maximum size of a file of permissions, in bytes. A server accepts less than that.
const maxPermissionFile = 1 << 20

// readPermissions reads a JSON array of permissions in the format of the API. If file is "-", it reads from stdin.
func readPermissions(stdin io.Reader, file string) ([]client.Permission, error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, errors.Unwrap(err) // drop the file name: the caller adds it
		}
		defer f.Close()
		in = f
	}
	decoder := json.NewDecoder(io.LimitReader(in, maxPermissionFile))
	decoder.DisallowUnknownFields()
	var read []struct {
		EntityName string         `json:"entityName"`
		Action     string         `json:"action"`
		EntityIDs  *[]json.Number `json:"entityIds"` // ids as numbers or as strings of digits
		DynamicID  *string        `json:"dynamicId"`
	}
	if err := decoder.Decode(&read); err != nil || read == nil {
		return nil, command.WithHint(errors.New("it is not a list of permissions"),
			"it must be a JSON array of objects with entityName, action, entityIds and dynamicId, "+
				"as `usher roles permissions ROLE --output json` writes it")
	}
	permissions := make([]client.Permission, len(read))
	for i, p := range read {
		permissions[i] = client.Permission{EntityName: p.EntityName, Action: p.Action, DynamicID: p.DynamicID}
		if p.EntityIDs == nil {
			continue
		}
		permissions[i].EntityIDs = []int64{} // not nil, which would mean all objects: the server refuses an empty list
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

func permissionTable(permissions []client.Permission) command.Table {
	t := command.Table{Header: []string{"ENTITY", "ACTION", "SCOPE"}}
	for _, p := range permissions {
		t.Rows = append(t.Rows, []string{p.EntityName, p.Action, scopeText(p)})
	}
	return t
}

// permissionTexts returns permissions as text, such as "user (all): read, edit". It groups them by entity and scope.
func permissionTexts(permissions []client.Permission) []string {
	var order []string
	actions := map[string][]string{}
	for _, p := range permissions {
		group := p.EntityName + " (" + scopeText(p) + ")"
		if actions[group] == nil {
			order = append(order, group)
		}
		actions[group] = append(actions[group], p.Action)
	}
	for i, group := range order {
		order[i] = group + ": " + strings.Join(actions[group], ", ")
	}
	return order
}

// scopeText returns the scope of a permission as text: "own", a list of ids, or "all".
func scopeText(p client.Permission) string {
	switch {
	case p.DynamicID != nil:
		return "own"
	case p.EntityIDs != nil:
		return command.IDList(p.EntityIDs)
	}
	return "all"
}
