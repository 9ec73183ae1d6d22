package page

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// SessionRow is a session as a list shows it.
type SessionRow struct {
	ID                           int64
	Device, Agent, ClientNetwork string // Device is a short name; Agent is the whole User-Agent
	Created, LastSeen, Expires   time.Time
	Current                      bool
}

// SessionRows returns a row for each session, the newest session first.
func (q *Request) SessionRows(sessions []auth.LiveSession) []SessionRow {
	rows := make([]SessionRow, len(sessions))
	for i, s := range sessions {
		rows[len(rows)-1-i] = SessionRow{
			ID: s.ID, Device: q.Device(s.Device), Agent: s.Device, ClientNetwork: s.ClientNetwork, Current: s.Current,
			Created: q.Local(s.Created), LastSeen: q.Local(s.LastSeen), Expires: q.Local(s.Expires),
		}
	}
	return rows
}
