package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// Users returns all users that the caller may read, by id. The answer is held in
// memory as a whole; [Client.AllUsers] is for very many.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	users := []User{}
	for u, err := range c.AllUsers(ctx) {
		if err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	return users, nil
}

// AllUsers goes through all users that the caller may read, by id, as they arrive:
// memory does not grow with their number. Each run of the sequence makes a request.
// An error ends it, after any number of users. Only ctx limits the time it takes.
func (c *Client) AllUsers(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		resp, err := c.wire.ApiUsersGet(ctx, nil)
		if err != nil {
			yield(User{}, err)
			return
		}
		defer resp.Body.Close()

		bounded := &boundedReader{r: resp.Body, left: maxAnswer}
		decoder := json.NewDecoder(bounded)
		if err := readDelim(decoder, '['); err != nil {
			yield(User{}, answerError(err))
			return
		}
		for decoder.More() {
			bounded.left = maxAnswer
			var w wire.User
			if err := decoder.Decode(&w); err != nil {
				yield(User{}, answerError(err))
				return
			}
			if !yield(userFromWire(w), nil) {
				return
			}
		}
		if err := readDelim(decoder, ']'); err != nil {
			yield(User{}, answerError(err))
			return
		}
		drain(resp.Body)
	}
}

// User returns one user.
func (c *Client) User(ctx context.Context, id int64) (User, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersIdGet(ctx, pathID(id))
	}, userFromWire)
}

// CreateUsers creates 1 to [MaxNewUsers] users, all or none, and returns them in
// the order given. Where a user is at fault, the Details of the [*Error] name its
// place and the field, as "/2/email".
func (c *Client) CreateUsers(ctx context.Context, users []NewUser) ([]User, error) {
	body := make([]wire.NewUser, len(users))
	for i, u := range users {
		body[i] = u.toWire()
	}
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersPost(ctx, body)
	}, usersFromWire)
}

// UpdateUser changes one user, wholly or not at all, and returns it as it is then.
func (c *Client) UpdateUser(ctx context.Context, id int64, update UserUpdate) (User, error) {
	params := &wire.ApiUsersIdPatchParams{}
	if update.KeepKeys {
		params.KeepKeys = &update.KeepKeys
	}
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersIdPatch(ctx, pathID(id), params, update.toWire())
	}, userFromWire)
}

// DeleteUser deletes one user, with sessions and API keys.
func (c *Client) DeleteUser(ctx context.Context, id int64) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersIdDelete(ctx, pathID(id))
	})
}

// SetUserRoles gives a user these roles and no others, and returns their ids in
// ascending order. At least one is needed; one given twice counts once.
func (c *Client) SetUserRoles(ctx context.Context, id int64, roleIDs []int64) ([]int64, error) {
	if roleIDs == nil {
		roleIDs = []int64{}
	}
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersIdRolesPut(ctx, pathID(id), wire.UserRolesUpdate{Roles: roleIDs})
	}, func(w wire.UserRoles) []int64 { return w.Roles })
}

func pathID(id int64) wire.ID { return strconv.FormatInt(id, 10) }
