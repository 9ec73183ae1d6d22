package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
)

// MaxNewUsers is how many users one [Client.CreateUsers] may create.
const MaxNewUsers = 1000

// Users returns all users that the caller may read, by id. The answer is held in
// memory as a whole; [Client.AllUsers] is for very many.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
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

// AllUsers yields all users that the caller may read, by id, as they arrive:
// memory does not grow with their number. Each run of the sequence makes a request.
// An error ends it, after any number of users. Only ctx limits the time it takes.
func (c *Client) AllUsers(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		resp, err := c.do(ctx, request{method: http.MethodGet, path: "api/users"})
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
			var u User
			if err := decoder.Decode(&u); err != nil {
				yield(User{}, answerError(err))
				return
			}
			if !yield(u, nil) {
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

// readDelim reads one delimiter of a JSON array.
func readDelim(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != want {
		return errors.New("it is not a list")
	}
	return nil
}

// User returns one user.
func (c *Client) User(ctx context.Context, id int64) (User, error) {
	return receive[User](ctx, c, request{method: http.MethodGet, path: "api/users/" + decimal(id)})
}

// Whoami returns the owner of the client's token, with roles in full.
func (c *Client) Whoami(ctx context.Context) (Whoami, error) {
	return receive[Whoami](ctx, c, request{method: http.MethodGet, path: "api/users/whoami"})
}

// CreateUsers creates 1 to [MaxNewUsers] users, all or none, and returns them in
// the order given. Where a user is at fault, the Details of the [*Error] name its
// place and the field, as "/2/email".
func (c *Client) CreateUsers(ctx context.Context, users []NewUser) ([]User, error) {
	body := make([]plainNewUser, len(users))
	for i, u := range users {
		body[i] = plainNewUser(u)
	}
	return receive[[]User](ctx, c, request{method: http.MethodPost, path: "api/users", body: body})
}

// UpdateUser changes one user, wholly or not at all, and returns the changed user.
func (c *Client) UpdateUser(ctx context.Context, id int64, update UserUpdate) (User, error) {
	body := struct {
		plainUserUpdate
		LockedOut *bool `json:"lockedOut,omitempty"`
	}{plainUserUpdate: plainUserUpdate(update)}
	if update.Unlock {
		body.LockedOut = new(false)
	}
	r := request{method: http.MethodPatch, path: "api/users/" + decimal(id), body: body}
	r.query.flag("keepKeys", update.KeepKeys)
	return receive[User](ctx, c, r)
}

// DeleteUser deletes one user, with sessions and API keys.
func (c *Client) DeleteUser(ctx context.Context, id int64) error {
	return c.perform(ctx, request{method: http.MethodDelete, path: "api/users/" + decimal(id)})
}

// SetUserRoles gives a user these roles and no others, and returns their ids in
// ascending order. At least one is needed; one given twice counts once.
func (c *Client) SetUserRoles(ctx context.Context, id int64, roleIDs []int64) ([]int64, error) {
	if roleIDs == nil {
		roleIDs = []int64{}
	}
	type userRoles struct {
		Roles []int64 `json:"roles"`
	}
	answer, err := receive[userRoles](ctx, c, request{
		method: http.MethodPut, path: "api/users/" + decimal(id) + "/roles", body: userRoles{Roles: roleIDs},
	})
	return answer.Roles, err
}

// InviteUser sends a user a message with which to choose a password. It is valid for
// a week.
func (c *Client) InviteUser(ctx context.Context, id int64) error {
	return c.perform(ctx, request{method: http.MethodPost, path: "api/users/" + decimal(id) + "/invitation"})
}
