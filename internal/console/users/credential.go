package users

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Maximum lengths of the lists of sessions and of API keys on the page of a user.
const (
	maxListedSessions = 20
	maxListedKeys     = 100
)

// sessionList is the list of a user's sessions.
type sessionList struct {
	Rows   []page.SessionRow
	More   int // number of sessions that are not in Rows
	MayEnd bool
}

// sessionsOf returns the newest sessions of a user, and the time of the last use of any of the
// user's sessions. list is nil if the caller may not see the user's sessions.
func (h *handler) sessionsOf(
	q *page.Request, u account.User, covered bool,
) (list *sessionList, last time.Time, err error) {
	if !q.MayOn(access.ActionRead, access.EntitySession, u.ID) {
		return nil, last, nil
	}
	sessions, err := h.service.Sessions(q.Context(), q.Caller, u.ID)
	if err != nil {
		return nil, last, err
	}
	list = &sessionList{
		Rows:   q.SessionRows(sessions),
		MayEnd: covered && q.MayOn(access.ActionDelete, access.EntitySession, u.ID),
	}
	for _, row := range list.Rows {
		if row.LastSeen.After(last) {
			last = row.LastSeen
		}
	}
	if n := len(list.Rows); n > maxListedSessions {
		list.Rows, list.More = list.Rows[:maxListedSessions], n-maxListedSessions
	}
	return list, last, nil
}

func (h *handler) endUserSessions(q *page.Request) error {
	id, err := q.PathID("id")
	if err != nil {
		return err
	}
	// The last argument keeps the session of this request, since the next page needs it.
	if err := h.service.EndSessions(q.Context(), q.Caller, id, true); err != nil {
		return err
	}
	if id == q.Caller.User.ID {
		return q.RedirectWithFlash(userPath(id), "All other sessions have ended.")
	}
	return q.RedirectWithFlash(userPath(id), "All sessions have ended.")
}

func (h *handler) endUserSession(q *page.Request) error {
	u, err := h.pathUser(q)
	if err != nil {
		return err
	}
	session, err := q.PathID("session")
	if err != nil {
		return err
	}
	sessions, err := h.service.Sessions(q.Context(), q.Caller, u.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(sessions, func(s auth.LiveSession) bool { return s.ID == session }) {
		return account.NotFound()
	}
	if err := h.service.EndSession(q.Context(), q.Caller, session); err != nil {
		return err
	}
	return q.RedirectWithFlash(userPath(u.ID), "The session has ended.")
}

// keyRow is an API key as the list shows it.
type keyRow struct {
	ID                         int64
	Name, Hint                 string
	Created, Expires, LastUsed time.Time
}

// keyList is the list of a user's API keys.
type keyList struct {
	Rows   []keyRow
	More   int // number of keys that are not in Rows
	MayEnd bool
}

// keysOf returns the newest API keys of a user, or nil if the caller may not see them.
func (h *handler) keysOf(q *page.Request, u account.User, covered bool) (*keyList, error) {
	if !q.MayOn(access.ActionRead, access.EntityAPIKey, u.ID) {
		return nil, nil
	}
	keys, err := h.service.ListKeys(q.Context(), q.Caller, u.ID)
	if err != nil {
		return nil, err
	}
	list := &keyList{MayEnd: covered && q.MayOn(access.ActionDelete, access.EntityAPIKey, u.ID)}
	for _, k := range slices.Backward(keys) {
		if len(list.Rows) == maxListedKeys {
			list.More = len(keys) - maxListedKeys
			break
		}
		list.Rows = append(list.Rows, keyRow{
			ID: k.ID, Name: keyName(q, k), Hint: k.Hint,
			Created: q.Local(k.Created), Expires: q.Local(k.Expires), LastUsed: q.Local(k.LastUsed),
		})
	}
	return list, nil
}

// keyName returns the name of a key. A contract key has no name, so its kind is returned instead.
func keyName(q *page.Request, k account.APIKey) string {
	if k.Kind == account.APIKeyContract {
		return q.Tr("Main key")
	}
	return k.Name
}

// pathKey returns the user and the key whose ids are in the path. id and name are those of the key.
func (h *handler) pathKey(q *page.Request) (u account.User, id int64, name string, err error) {
	if u, err = h.pathUser(q); err != nil {
		return u, 0, "", err
	}
	if id, err = q.PathID("key"); err != nil {
		return u, 0, "", err
	}
	keys, err := h.service.ListKeys(q.Context(), q.Caller, u.ID)
	for _, k := range keys {
		if k.ID == id {
			return u, id, keyName(q, k), nil
		}
	}
	if err == nil {
		err = account.NotFound()
	}
	return u, id, "", err
}

func (h *handler) confirmEndUserKey(q *page.Request) error {
	u, id, name, err := h.pathKey(q)
	if err != nil {
		return err
	}
	f := q.PrepareForm(&page.Form{
		Action: userPath(u.ID) + "/keys/" + strconv.FormatInt(id, 10) + "/end", Submit: "End the key",
		Cancel: userPath(u.ID), Danger: true,
	})
	return showUserForm(q, http.StatusOK, u, q.Tr("End the key %s?", name), f,
		q.Tr("Whatever uses it stops working at once. A key that has ended does not come back."))
}

func (h *handler) endUserKey(q *page.Request) error {
	u, id, _, err := h.pathKey(q)
	if err != nil {
		return err
	}
	if err := h.service.EndKey(q.Context(), q.Caller, id); err != nil {
		return err
	}
	return q.RedirectWithFlash(userPath(u.ID), "The key has ended.")
}
