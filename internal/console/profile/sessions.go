package profile

import (
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

func (h *handler) showSessions(q *page.Request) error {
	sessions, err := h.service.Sessions(q.Context(), q.Caller, q.Caller.User.ID)
	if err != nil {
		return err
	}
	return q.Show("sessions.html", "Sessions", q.SessionRows(sessions))
}

func (h *handler) endSession(q *page.Request) error {
	id, err := q.PathID("id")
	if err != nil {
		return err
	}
	if err := h.service.EndSession(q.Context(), q.Caller, id); err != nil {
		return err
	}
	return q.RedirectWithFlash(sessionsPath, "The session has ended.")
}

func (h *handler) endOtherSessions(q *page.Request) error {
	if err := h.service.EndSessions(q.Context(), q.Caller, q.Caller.User.ID, true); err != nil {
		return err
	}
	return q.RedirectWithFlash(sessionsPath, "All other sessions have ended.")
}
