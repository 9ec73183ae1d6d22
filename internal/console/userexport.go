package console

import (
	"bufio"
	"io"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// exportTypes are the media types of the files of users.
var exportTypes = map[userfile.Format]string{
	userfile.CSV:  "text/csv; charset=utf-8",
	userfile.JSON: "application/json",
}

// exportUsers answers with a file of the users that the list shows with the same
// filters, on all of its pages.
func (q *request) exportUsers() error {
	format := userfile.Format(q.URL.Query().Get("format"))
	contentType, known := exportTypes[format]
	filter, sort, err := q.userListFilter().read()
	if err != nil || !known {
		return account.Invalid()
	}
	find := func(cursor string) (account.UserPage, error) {
		return q.accounts.FindUsers(q.Context(), q.caller, filter, sort, cursor, account.DefaultPage)
	}
	first, err := find("")
	if err != nil {
		return err // nothing was sent yet: the failure has a page
	}
	h := q.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="users.`+string(format)+`"`)
	if q.Method == http.MethodHead {
		return nil // all users would be read for nothing
	}
	if err := writeUsers(q.w, format, first, find); err != nil {
		// The connection is broken, so that nobody takes a part of the file for the whole.
		q.Logger.WarnContext(q.Context(), "console export broken off", "path", q.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeUsers writes the users of a page, and of those that follow it. It holds one page
// at a time.
func writeUsers(w io.Writer, format userfile.Format, page account.UserPage, find func(cursor string) (account.UserPage, error)) error {
	out := bufio.NewWriterSize(w, 32*1024)
	file, err := userfile.NewWriter(out, format)
	if err != nil {
		return err
	}
	for {
		for _, u := range page.Users {
			err := file.Write(userfile.Row{
				Name: u.Name, Surname: u.Surname, Email: u.Email, Department: u.Department, Biography: u.Biography, Active: u.Active,
			})
			if err != nil {
				return err
			}
		}
		if page.Next == "" {
			break
		}
		if page, err = find(page.Next); err != nil {
			return err
		}
	}
	if err := file.Close(); err != nil {
		return err
	}
	return out.Flush()
}
