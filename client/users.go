package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
)

// UsersService reads and changes users.
type UsersService struct{ client *Client }

// MaxNewUsers is the maximum number of users of one call of [UsersService.Create].
const MaxNewUsers = 1000

// UserSort is an order in which [UsersService.Find] sorts users.
type UserSort string

// The orders of [UsersService.Find]; Down means descending. The server compares the
// case-folded names and addresses byte by byte.
const (
	SortByID        UserSort = "id"
	SortByIDDown    UserSort = "-id"
	SortByName      UserSort = "name"
	SortByNameDown  UserSort = "-name"
	SortByEmail     UserSort = "email"
	SortByEmailDown UserSort = "-email"
)

// MaxPage is the maximum number of users on one page.
const MaxPage = 1000

// UserFilter selects users and their order. The zero value selects all users, sorted by
// id.
type UserFilter struct {
	Search   string // words that must all occur in the name, surname or address, ignoring case; at most 256 characters
	RoleID   int64  // 0: any
	Active   *bool  // nil: any
	Locked   *bool
	Provider Provider // "": any
	Sort     UserSort // "": SortByID
	Limit    int      // users per page, 1 to MaxPage; 0: 100
	Cursor   string   // Next of the previous page, from the same filter; "": the first page
}

// UserPage is one page of a list of users.
type UserPage struct {
	Users []User
	Next  string // the Cursor of the next page; "" after the last
}

// List returns all users that the caller may read, sorted by id. It holds all of these
// users in memory. If there are very many, use [UsersService.All].
func (s *UsersService) List(ctx context.Context) ([]User, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	users := []User{}
	for u, err := range s.All(ctx) {
		if err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	return users, nil
}

// All returns a sequence of all users that the caller may read, sorted by id. The
// sequence yields users while they arrive, so memory use does not grow with their
// number. Each iteration over the sequence makes a new request. After a failure, the
// last element of the sequence is an error. Only ctx limits the duration.
func (s *UsersService) All(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		resp, err := s.client.do(ctx, request{method: http.MethodGet, path: "api/users"})
		if err != nil {
			yield(User{}, err)
			return
		}
		defer resp.Body.Close()

		bounded := &boundedReader{r: resp.Body, remaining: maxAnswer}
		decoder := json.NewDecoder(bounded)
		if err := readDelim(decoder, '['); err != nil {
			yield(User{}, answerError(err))
			return
		}
		for decoder.More() {
			bounded.remaining = maxAnswer
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

// Find returns one page of the users that match the filter and that the caller
// may read.
func (s *UsersService) Find(ctx context.Context, filter UserFilter) (UserPage, error) {
	users, next, err := receivePage[[]User](ctx, s.client, request{
		method: http.MethodGet, path: "api/users", query: filter.query(),
	})
	return UserPage{Users: users, Next: next}, err
}

// FindAll returns a sequence of all users that match the filter and that the caller may
// read. It begins at filter.Cursor and requests one page after the other. After a
// failure, the last element of the sequence is an error.
//
//	for u, err := range c.Users.FindAll(ctx, client.UserFilter{Search: "ada", Sort: client.SortByName}) {
func (s *UsersService) FindAll(ctx context.Context, filter UserFilter) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for {
			page, err := s.Find(ctx, filter)
			if err != nil {
				yield(User{}, err)
				return
			}
			for _, u := range page.Users {
				if !yield(u, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			filter.Cursor = page.Next
		}
	}
}

// Get returns one user.
func (s *UsersService) Get(ctx context.Context, id int64) (User, error) {
	return receive[User](ctx, s.client, request{method: http.MethodGet, path: "api/users/" + decimal(id)})
}

// Create creates 1 to [MaxNewUsers] users, all or none, and returns them in the given
// order. If a user is invalid, the Details of the [*Error] name the index of the
// user and the field, such as "/2/email".
func (s *UsersService) Create(ctx context.Context, users []NewUser) ([]User, error) {
	body := make([]plainNewUser, len(users))
	for i, u := range users {
		body[i] = plainNewUser(u)
	}
	return receive[[]User](ctx, s.client, request{method: http.MethodPost, path: "api/users", body: body})
}

// Update changes all fields of the user that update contains, or none. It returns the
// user after the change.
func (s *UsersService) Update(ctx context.Context, id int64, update UserUpdate) (User, error) {
	body := struct {
		plainUserUpdate
		LockedOut *bool `json:"lockedOut,omitempty"`
	}{plainUserUpdate: plainUserUpdate(update)}
	if update.Unlock {
		body.LockedOut = new(false)
	}
	r := request{method: http.MethodPatch, path: "api/users/" + decimal(id), body: body}
	r.query.flag("keepKeys", update.KeepKeys)
	return receive[User](ctx, s.client, r)
}

// Delete deletes one user and the user's sessions and API keys.
func (s *UsersService) Delete(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/users/" + decimal(id)})
}

// SetRoles replaces the roles of a user and returns the ids of the new roles in
// ascending order. The user must get at least one role. Duplicate ids count once.
func (s *UsersService) SetRoles(ctx context.Context, id int64, roleIDs []int64) ([]int64, error) {
	if roleIDs == nil {
		roleIDs = []int64{}
	}
	type userRoles struct {
		Roles []int64 `json:"roles"`
	}
	answer, err := receive[userRoles](ctx, s.client, request{
		method: http.MethodPut, path: "api/users/" + decimal(id) + "/roles", body: userRoles{Roles: roleIDs},
	})
	return answer.Roles, err
}

// Invite sends a user a mail message with a token to choose a password. The token is
// valid for a week.
func (s *UsersService) Invite(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodPost, path: "api/users/" + decimal(id) + "/invitation"})
}

// query returns the query of a request for one page. The query always has a limit:
// without any parameter, the server would return the whole list.
func (f UserFilter) query() query {
	if f.Limit == 0 {
		f.Limit = 100
	}
	var q query
	q.string("search", f.Search)
	q.id("role", f.RoleID)
	q.bool("active", f.Active)
	q.bool("locked", f.Locked)
	q.string("provider", string(f.Provider))
	q.string("sort", string(f.Sort))
	q.string("cursor", f.Cursor)
	q.integer("limit", int64(f.Limit))
	return q
}

// readDelim reads one delimiter, the beginning or the end of a JSON array. It fails if
// the delimiter is not want.
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
