package profile

import (
	"errors"
	"io"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/picture"
)

func showPicture(q *page.Request) error { return q.SendPicture(q.Caller.User) }

func pictureForm(q *page.Request) *page.Form {
	return &page.Form{
		Action: page.ProfilePath + "/picture", Submit: "Upload", Files: true, Token: q.FormToken(),
		Fields: []*page.Field{{
			Name: "picture", Label: "New picture", Type: "file", Required: true,
			Accept: "image/png,image/jpeg,image/gif,image/webp",
			Hint: "PNG, JPEG, GIF or WebP, up to 10 MB. The server makes it small and keeps nothing else of the " +
				"file, such as where it was taken.",
		}},
	}
}

// changePicture scales an uploaded picture down and stores it.
func (h *handler) changePicture(q *page.Request) error {
	if err := account.Allow(q.Caller, access.ActionEdit, access.EntityUser, q.Caller.User.ID); err != nil {
		return err
	}
	uploaded, err := readFile(q, "picture")
	if err != nil {
		return err
	}
	small, err := h.pictures.Shrink(q.Context(), uploaded, account.MaxPictureBytes)
	view := newProfilePage(q)
	switch {
	case errors.Is(err, picture.ErrUnreadable):
		return refusePicture(q, view, "This is not a whole picture of PNG, JPEG, GIF or WebP. Choose another.")
	case errors.Is(err, picture.ErrTooLarge):
		return refusePicture(q, view, "This has too many pixels. Make it smaller, and try again.")
	case errors.Is(err, picture.ErrNoFit):
		return refusePicture(q, view, "This cannot be made small enough. Choose another.")
	}
	if err != nil {
		return err
	}
	return h.savePicture(q, small, "Your picture was changed.")
}

func refusePicture(q *page.Request, view profilePage, reason locale.Phrase) error {
	q.MarkField(view.Picture, "picture", reason)
	return showProfileStatus(q, http.StatusUnprocessableEntity, view)
}

func (h *handler) removePicture(q *page.Request) error {
	return h.savePicture(q, nil, "Your picture was removed.")
}

func (h *handler) savePicture(q *page.Request, image []byte, done locale.Phrase) error {
	_, err := h.service.UpdateUser(q.Context(), q.Caller, q.Caller.User.ID, account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Picture: &image},
	})
	if err != nil {
		return err
	}
	return q.RedirectWithFlash(page.ProfilePath, done)
}

// readFile returns the file that was uploaded in the named field, or nil if the user chose none.
func readFile(q *page.Request, name string) ([]byte, error) {
	if q.MultipartForm == nil || len(q.MultipartForm.File[name]) == 0 {
		return nil, nil
	}
	opened, err := q.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	file := make([]byte, q.MultipartForm.File[name][0].Size) // MaxBytes of the route limits the size
	_, err = io.ReadFull(opened, file)
	return file, err
}
