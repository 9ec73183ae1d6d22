package console

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/auth"
)

const sessionsPath = "/profile/sessions"

var sessionRoutes = []route{
	{pattern: "GET " + sessionsPath, page: (*request).showSessions},
	{pattern: "POST " + sessionsPath + "/{id}/end", page: (*request).endSession},
	{pattern: "POST " + sessionsPath + "/end-others", page: (*request).endOtherSessions},
}

// sessionRow is a session in the list of templates/sessions.html.
type sessionRow struct {
	ID                         int64
	Device, Agent, Source      string // Agent is what the client has called itself
	Created, LastSeen, Expires time.Time
	Current                    bool
}

func (q *request) showSessions() error {
	sessions, err := q.accounts.Sessions(q.Context(), q.caller, q.caller.User.ID)
	if err != nil {
		return err
	}
	return q.show("sessions.html", "Sessions", q.sessionRows(sessions))
}

// sessionRows are sessions as they are shown, the newest first.
func (q *request) sessionRows(sessions []auth.LiveSession) []sessionRow {
	rows := make([]sessionRow, len(sessions))
	for i, s := range sessions {
		rows[len(rows)-1-i] = sessionRow{
			ID: s.ID, Device: q.device(s.Device), Agent: s.Device, Source: s.ClientNetwork, Current: s.Current,
			Created: q.local(s.Created), LastSeen: q.local(s.LastSeen), Expires: q.local(s.Expires),
		}
	}
	return rows
}

func (q *request) endSession() error {
	id, err := q.id("id")
	if err != nil {
		return err
	}
	if err := q.accounts.EndSession(q.Context(), q.caller, id); err != nil {
		return err
	}
	return q.done(sessionsPath, "The session has ended.")
}

func (q *request) endOtherSessions() error {
	if err := q.accounts.EndSessions(q.Context(), q.caller, q.caller.User.ID, true); err != nil {
		return err
	}
	return q.done(sessionsPath, "All other sessions have ended.")
}
