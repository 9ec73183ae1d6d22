package sqlstore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// model is a simple store of users, roles and sessions in memory, with which the real store must agree.
type model struct {
	users    map[int64]account.User
	roles    map[int64]access.Role
	sessions map[string]account.Session // by the name of the token
	lastUser int64
}

func newModel() *model {
	return &model{users: map[int64]account.User{}, roles: map[int64]access.Role{}, sessions: map[string]account.Session{}}
}

func (m *model) clone() *model {
	return &model{
		users:    maps.Clone(m.users),
		roles:    maps.Clone(m.roles),
		sessions: maps.Clone(m.sessions),
		lastUser: m.lastUser,
	}
}

func (m *model) taken(email string, but int64) bool {
	for id, u := range m.users {
		if id != but && key(u.Email) == key(email) {
			return true
		}
	}
	return false
}

// deleteUser deletes a user. Like the store, it also deletes the user's sessions, and the user's id in permissions.
func (m *model) deleteUser(id int64) error {
	if _, ok := m.users[id]; !ok {
		return account.ErrNotFound
	}
	delete(m.users, id)
	maps.DeleteFunc(m.sessions, func(_ string, s account.Session) bool { return s.UserID == id })
	for roleID, r := range m.roles {
		var left []access.Permission
		for _, p := range r.Permissions {
			if p.Scope == access.ScopeIDs && slices.Contains(access.OwnedByUser, p.Entity) {
				p.IDs = slices.DeleteFunc(slices.Clone(p.IDs), func(listed int64) bool { return listed == id })
				if len(p.IDs) == 0 {
					continue
				}
			}
			left = append(left, p)
		}
		r.Permissions = left
		m.roles[roleID] = r
	}
	return nil
}

// machine applies the same operations to a store and a model.
type machine struct {
	store *account.Store
	model *model
}

// There are few values, so that operations collide.
var (
	drawUser  = rapid.Int64Range(1, 8)
	drawEmail = rapid.SampledFrom(
		[]string{"a@example.org", "A@example.org", "b@example.org", "c@example.org", "d@example.org"},
	)
	drawToken = rapid.SampledFrom([]string{"one", "two", "three", "four"})
)

// operation makes a random change to the model. It returns the same change as a job for the store, and the error that
// the job must return.
type operation func(t *rapid.T, m *model) (job, error)

var operations = map[string]operation{
	"insert a user": func(t *rapid.T, m *model) (job, error) {
		given, wanted := localUser(drawEmail.Draw(t, "email")), m.lastUser+1
		if len(m.roles) > 0 {
			some := rapid.SampledFrom(slices.Sorted(maps.Keys(m.roles)))
			given.RoleIDs = rapid.SliceOfNDistinct(some, 0, len(m.roles), rapid.ID).Draw(t, "roles")
		}
		insert := func(ctx context.Context, tx *account.Tx) error {
			id, err := tx.InsertUser(ctx, given, key(given.Email), "h", now)
			if err == nil && id != wanted {
				err = fmt.Errorf("got the id %d, want %d", id, wanted)
			}
			return err
		}
		if m.taken(given.Email, 0) {
			return insert, account.ErrEmailTaken
		}
		kept := given
		kept.ID, kept.RoleIDs = wanted, slices.Sorted(slices.Values(given.RoleIDs))
		m.users[wanted], m.lastUser = kept, wanted
		return insert, nil
	},
	"update a user": func(t *rapid.T, m *model) (job, error) {
		id, email := drawUser.Draw(t, "user"), drawEmail.Draw(t, "email")
		u, ok := m.users[id]
		u.ID, u.Email, u.Provider = id, email, account.ProviderLocal
		u.Active, u.Surname = rapid.Bool().Draw(t, "active"), rapid.Ptr(rapid.String(), true).Draw(t, "surname")
		u.Picture = rapid.SampledFrom([][]byte{nil, {}, {0, 1}}).Draw(t, "picture")
		update := func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) }
		if !ok {
			return update, account.ErrNotFound
		}
		if m.taken(email, id) {
			return update, account.ErrEmailTaken
		}
		m.users[id] = u
		return update, nil
	},
	"delete a user": func(t *rapid.T, m *model) (job, error) {
		id := drawUser.Draw(t, "user")
		return func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, id) }, m.deleteUser(id)
	},
	"insert a role": func(t *rapid.T, m *model) (job, error) {
		r := access.Role{ID: int64(len(m.roles) + 1), Name: fmt.Sprint(len(m.roles), rapid.String().Draw(t, "name"))}
		entities := append(slices.Clone(access.OwnedByUser), access.EntityRole)
		for _, e := range rapid.SliceOfDistinct(rapid.SampledFrom(entities), rapid.ID).Draw(t, "entities") {
			ids := rapid.SliceOfNDistinct(drawUser, 0, 3, rapid.ID).Draw(t, "ids")
			slices.Sort(ids)
			if len(ids) == 0 {
				ids = nil
			}
			r.Permissions = append(r.Permissions, permission(e, access.ActionRead, ids...))
		}
		m.roles[r.ID] = r
		return func(ctx context.Context, tx *account.Tx) error { _, err := tx.InsertRole(ctx, r); return err }, nil
	},
	"insert a session": func(t *rapid.T, m *model) (job, error) {
		id, name := drawUser.Draw(t, "user"), drawToken.Draw(t, "token")
		s := account.Session{UserID: id, Created: now, LastSeen: now, Device: name}
		insert := func(ctx context.Context, tx *account.Tx) error {
			_, err := tx.InsertSession(ctx, s, hashOf(name))
			return err
		}
		if _, ok := m.users[id]; !ok {
			return insert, errRefused
		}
		if _, ok := m.sessions[name]; ok {
			return insert, errRefused
		}
		m.sessions[name] = s
		return insert, nil
	},
	"end the sessions of a user": func(t *rapid.T, m *model) (job, error) {
		id := drawUser.Draw(t, "user")
		maps.DeleteFunc(m.sessions, func(_ string, s account.Session) bool { return s.UserID == id })
		return func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSessionsOf(ctx, id, 0) }, nil
	},
}

// errRefused is the error that the model expects when a constraint of the schema refuses a change.
var errRefused = errors.New("refused by the schema")

// transaction runs one to four random operations in one transaction. The transaction stops at the first operation that
// must fail. Some transactions fail after the last operation.
func (m *machine) transaction(t *rapid.T) {
	names := rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(operations))), 1, 4).Draw(t, "operations")
	next := m.model.clone()
	var jobs []job
	var wanted error
	for _, name := range names {
		var j job
		j, wanted = operations[name](t, next)
		jobs = append(jobs, j)
		if wanted != nil {
			break
		}
	}
	if wanted == nil && rapid.IntRange(0, 4).Draw(t, "abort") == 0 {
		wanted = errors.New("aborted")
		jobs = append(jobs, func(context.Context, *account.Tx) error { return wanted })
	}
	err := m.store.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		for _, j := range jobs {
			if err := j(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	refused := wanted == errRefused && err != nil && account.ErrorCode(err) == account.CodeInternal
	if !errors.Is(err, wanted) && !refused {
		t.Fatalf("%q: got error %v, want %v", names, err, wanted)
	}
	if wanted == nil {
		m.model = next
	}
}

// check fails the test unless the store and the model hold the same data.
func (m *machine) check(t *rapid.T) {
	equal := func(what string, got any, err error, want any) {
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s:\ngot  %+v, %v\nwant %+v", what, got, err, want)
		}
	}
	ctx := t.Context()
	var users []account.User
	for _, id := range slices.Sorted(maps.Keys(m.model.users)) {
		u := m.model.users[id]
		users = append(users, u)
		got, err := m.store.User(ctx, id, now)
		equal("User", got, err, u)
		var roles []access.Role
		for _, roleID := range u.RoleIDs {
			roles = append(roles, m.model.roles[roleID])
		}
		of, err := m.store.RolesOf(ctx, id)
		equal("RolesOf", of, err, roles)
	}
	all, err := m.store.UsersAfter(ctx, 0, 1000, now)
	equal("UsersAfter", all, err, users)
	for _, name := range []string{"one", "two", "three", "four"} {
		got, err := m.store.SessionByHash(ctx, hashOf(name))
		want, ok := m.model.sessions[name]
		if !ok {
			if !errors.Is(err, account.ErrNotFound) {
				t.Fatalf("SessionByHash of no session: %+v, %v", got, err)
			}
			continue
		}
		got.ID = 0 // the model has no ids of sessions
		equal("SessionByHash", got, err, want)
	}
}

// init limits a property test to 12 random runs. The flag -rapid.checks sets another number.
func init() {
	if err := flag.Set("rapid.checks", "12"); err != nil {
		panic(err)
	}
}

// The model assumes ids without gaps. On PostgreSQL failed transactions leave gaps, so this test runs on SQLite only.
func TestSQLiteModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := machine{store: openDir(t, t.TempDir()).Store, model: newModel()}
		rt.Repeat(map[string]func(*rapid.T){"transaction": m.transaction, "": m.check})
	})
}
