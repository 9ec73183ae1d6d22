package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

var userCredentialRoutes = []route{
	{pattern: "POST " + usersPath + "/{id}/sessions/end", page: (*request).endUserSessions, may: endSessions},
	{pattern: "POST " + usersPath + "/{id}/sessions/{session}/end", page: (*request).endUserSession, may: endSessions},
	{pattern: "GET " + usersPath + "/{id}/keys/{key}/end", page: (*request).askEndUserKey, may: endKeys},
	{pattern: "POST " + usersPath + "/{id}/keys/{key}/end", page: (*request).endUserKey, may: endKeys},
}

var (
	endSessions = permission{access.ActionDelete, access.EntitySession}
	endKeys     = permission{access.ActionDelete, access.EntityAPIKey}
)

// How many sessions and keys the page of a user lists.
const (
	userSessions = 20
	userKeys     = 100
)

// sessionList is the sessions of a user.
type sessionList struct {
	Rows   []sessionRow
	More   int // that are not listed
	MayEnd bool
}

// sessionsOf returns the newest sessions of a user, nil if the caller may not see them,
// and when one of them was used last.
func (q *request) sessionsOf(u account.User, covered bool) (list *sessionList, last time.Time, err error) {
	if !q.mayWith(access.ActionRead, access.EntitySession, u.ID) {
		return nil, last, nil
	}
	sessions, err := q.accounts.Sessions(q.Context(), q.caller, u.ID)
	if err != nil {
		return nil, last, err
	}
	list = &sessionList{Rows: q.sessionRows(sessions), MayEnd: covered && q.mayWith(access.ActionDelete, access.EntitySession, u.ID)}
	for _, row := range list.Rows {
		if row.LastSeen.After(last) {
			last = row.LastSeen
		}
	}
	if n := len(list.Rows); n > userSessions {
		list.Rows, list.More = list.Rows[:userSessions], n-userSessions
	}
	return list, last, nil
}

func (q *request) endUserSessions() error {
	id, err := q.id("id")
	if err != nil {
		return err
	}
	// His own session goes on, or the page that says so could not be shown.
	if err := q.accounts.EndSessions(q.Context(), q.caller, id, true); err != nil {
		return err
	}
	if id == q.caller.User.ID {
		return q.done(userPath(id), "All other sessions have ended.")
	}
	return q.done(userPath(id), "All sessions have ended.")
}

func (q *request) endUserSession() error {
	u, err := q.pathUser()
	if err != nil {
		return err
	}
	session, err := q.id("session")
	if err != nil {
		return err
	}
	sessions, err := q.accounts.Sessions(q.Context(), q.caller, u.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(sessions, func(s auth.LiveSession) bool { return s.ID == session }) {
		return account.NotFound()
	}
	if err := q.accounts.EndSession(q.Context(), q.caller, session); err != nil {
		return err
	}
	return q.done(userPath(u.ID), "The session has ended.")
}

// keyRow is an API key in the list of a user's page.
type keyRow struct {
	ID                         int64
	Name, Hint                 string
	Created, Expires, LastUsed time.Time
}

// keyList is the API keys of a user.
type keyList struct {
	Rows   []keyRow
	More   int // that are not listed
	MayEnd bool
}

// keysOf returns the newest API keys of a user, nil if the caller may not see them.
func (q *request) keysOf(u account.User, covered bool) (*keyList, error) {
	if !q.mayWith(access.ActionRead, access.EntityAPIKey, u.ID) {
		return nil, nil
	}
	keys, err := q.accounts.ListKeys(q.Context(), q.caller, u.ID)
	if err != nil {
		return nil, err
	}
	list := &keyList{MayEnd: covered && q.mayWith(access.ActionDelete, access.EntityAPIKey, u.ID)}
	for _, k := range slices.Backward(keys) {
		if len(list.Rows) == userKeys {
			list.More = len(keys) - userKeys
			break
		}
		list.Rows = append(list.Rows, keyRow{k.ID, q.keyName(k), k.Hint, q.local(k.Created), q.local(k.Expires), q.local(k.LastUsed)})
	}
	return list, nil
}

// keyName is what a key is called.
func (q *request) keyName(k account.APIKey) string {
	if k.Kind == account.APIKeyContract {
		return q.say("Main key")
	}
	return k.Name
}

// pathKey is the user in the path, and the name of the key of his that is in it.
func (q *request) pathKey() (u account.User, id int64, name string, err error) {
	if u, err = q.pathUser(); err != nil {
		return u, 0, "", err
	}
	if id, err = q.id("key"); err != nil {
		return u, 0, "", err
	}
	keys, err := q.accounts.ListKeys(q.Context(), q.caller, u.ID)
	for _, k := range keys {
		if k.ID == id {
			return u, id, q.keyName(k), nil
		}
	}
	if err == nil {
		err = account.NotFound()
	}
	return u, id, "", err
}

func (q *request) askEndUserKey() error {
	u, id, name, err := q.pathKey()
	if err != nil {
		return err
	}
	f := q.form(&form{Action: userPath(u.ID) + "/keys/" + strconv.FormatInt(id, 10) + "/end", Submit: "End the key", Cancel: userPath(u.ID), Danger: true})
	return q.showUserForm(http.StatusOK, u, q.say("End the key %s?", name), f, q.say("Whatever uses it stops working at once. A key that has ended does not come back."))
}

func (q *request) endUserKey() error {
	u, id, _, err := q.pathKey()
	if err != nil {
		return err
	}
	if err := q.accounts.EndKey(q.Context(), q.caller, id); err != nil {
		return err
	}
	return q.done(userPath(u.ID), "The key has ended.")
}
