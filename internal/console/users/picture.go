package users

import (
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

func (h *handler) userPicture(q *page.Request) error {
	id, err := q.PathID("id")
	if err != nil {
		return err
	}
	user, err := h.service.User(q.Context(), q.Caller, id)
	if err != nil {
		return err
	}
	return q.SendPicture(user)
}
