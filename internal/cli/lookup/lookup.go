// Package lookup finds the users and roles that a command line names: a user by id or e-mail address, a role by id or
// name.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// ErrNoSuchUser means that no user has the e-mail address, or that the caller may not see that user.
var ErrNoSuchUser = errors.New("there is no user with this e-mail address, or none that you may see")

// parseID parses a decimal id.
func parseID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil
}

// User returns the user whose id or e-mail address is ref. If no user has the address, it fails with ErrNoSuchUser.
func User(ctx context.Context, api *client.Client, ref string) (client.User, error) {
	if id, ok := parseID(ref); ok {
		return api.Users.Get(ctx, id)
	}
	key, ok := account.ParseEmail(ref)
	if !ok {
		return client.User{}, command.WithHint(command.UsageErrorf("%q is neither an id nor an e-mail address", ref),
			"`usher users list` shows both")
	}
	filter := client.UserFilter{Search: searchTerm(ref, key), Limit: client.MaxPage}
	for u, err := range api.Users.FindAll(ctx, filter) {
		if err != nil {
			return client.User{}, err
		}
		if k, ok := account.ParseEmail(u.Email); ok && k == key {
			return u, nil
		}
	}
	return client.User{}, command.WithHint(ErrNoSuchUser, "`usher users list` shows the users")
}

// UserID returns the id of the user whose id or e-mail address is ref. For "" it returns 0, which stands for the
// caller. If ref is an id, UserID doesn't check that the user exists.
func UserID(ctx context.Context, api *client.Client, ref string) (int64, error) {
	if ref == "" {
		return 0, nil
	}
	if id, ok := parseID(ref); ok && id > 0 {
		return id, nil
	}
	u, err := User(ctx, api, ref)
	return u.ID, err
}

// searchTerm returns the text to search for in order to find an address. If the domain is internationalized, the server
// may have stored it in Unicode or in ASCII, so searchTerm returns only the part before the @.
func searchTerm(address string, key account.EmailKey) string {
	if at := strings.LastIndexByte(address, '@'); strings.Contains(string(key), "xn--") {
		return address[:at]
	}
	return address
}

// SameAddress reports whether the server considers two e-mail addresses equal.
func SameAddress(a, b string) bool {
	keyA, okA := account.ParseEmail(a)
	keyB, okB := account.ParseEmail(b)
	return okA && okB && keyA == keyB
}

// Role returns the role whose id or name is ref. It compares names without regard to case.
func Role(ctx context.Context, api *client.Client, ref string) (client.Role, error) {
	if id, ok := parseID(ref); ok {
		return api.Roles.Get(ctx, id)
	}
	roles, err := api.Roles.List(ctx)
	if err != nil {
		return client.Role{}, err
	}
	for _, r := range roles {
		if account.RoleNameKey(r.Name) == account.RoleNameKey(ref) {
			return r, nil
		}
	}
	return client.Role{}, command.WithHint(fmt.Errorf("there is no role %q, or none that you may see", ref),
		"`usher roles list` shows the roles")
}

// RoleID returns the id of the role whose id or name is ref. If ref is an id, RoleID doesn't check that the role
// exists.
func RoleID(ctx context.Context, api *client.Client, ref string) (int64, error) {
	if id, ok := parseID(ref); ok {
		return id, nil
	}
	r, err := Role(ctx, api, ref)
	return r.ID, err
}
