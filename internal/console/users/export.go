package users

import (
	"bufio"
	"io"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// exportTypes maps the format of an export to its media type.
var exportTypes = map[userfile.Format]string{
	userfile.CSV:  "text/csv; charset=utf-8",
	userfile.JSON: "application/json",
}

// exportUsers sends a file of all users that match the filter of the list.
func (h *handler) exportUsers(q *page.Request) error {
	format := userfile.Format(q.URL.Query().Get("format"))
	contentType, known := exportTypes[format]
	filter, sort, err := readFilter(q).parse()
	if err != nil || !known {
		return account.Invalid()
	}
	find := func(cursor string) (account.UserPage, error) {
		return h.service.FindUsers(q.Context(), q.Caller, filter, sort, cursor, account.DefaultPage)
	}
	first, err := find("")
	if err != nil {
		return err // nothing was sent yet, so the error can still be shown as a page
	}
	header := q.Writer.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Disposition", `attachment; filename="users.`+string(format)+`"`)
	if q.Method == http.MethodHead {
		return nil // a HEAD request needs no body
	}
	if err := writeUsers(q.Writer, format, first, find); err != nil {
		// Abort the connection. The client would otherwise take an incomplete file for a complete
		// one.
		q.Logger.WarnContext(q.Context(), "console export interrupted", "path", q.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeUsers writes all users of a list. first is the first page of the list. find returns the page
// after a cursor. writeUsers holds one page at a time in memory.
func writeUsers(
	w io.Writer, format userfile.Format, first account.UserPage, find func(cursor string) (account.UserPage, error),
) error {
	out := bufio.NewWriterSize(w, 32*1024)
	file, err := userfile.NewWriter(out, format)
	if err != nil {
		return err
	}
	for users := first; ; {
		for _, u := range users.Users {
			err := file.Write(userfile.Row{
				Profile: u.Profile,
				Email:   u.Email,
				Active:  u.Active,
			})
			if err != nil {
				return err
			}
		}
		if users.Next == "" {
			break
		}
		if users, err = find(users.Next); err != nil {
			return err
		}
	}
	if err := file.Close(); err != nil {
		return err
	}
	return out.Flush()
}
