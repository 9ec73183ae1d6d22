package page

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Notice is the data of templates/notice.html: a page with a title and a few paragraphs of text.
type Notice struct {
	Kind      NoticeKind
	Text      []string // paragraphs
	RequestID string   // shown so that the user can quote it to an administrator; "": not shown
	Link      *Link    // where the user can continue; nil: no link
}

// Link is a link on a page.
type Link struct {
	Path string
	Text locale.Phrase
}

// NoticeKind selects the colour and the ARIA role of a notice.
type NoticeKind string

// The kinds of notices. Each has its own colour.
const (
	NoticeDone    NoticeKind = "done"
	NoticeAdvice  NoticeKind = "advice"
	NoticeFailure NoticeKind = "failure"
)

// NewNotice returns a notice with one paragraph for each phrase.
func (q *Request) NewNotice(k NoticeKind, text ...locale.Phrase) Notice {
	n := Notice{Kind: k}
	for _, p := range text {
		n.Text = append(n.Text, q.Tr(p))
	}
	return n
}

// Notify answers with a notice. It always returns nil, so a handler can end with return
// q.Notify(…).
func (q *Request) Notify(status int, title locale.Phrase, n Notice) error {
	if err := q.ShowStatus(status, "notice.html", q.Tr(title), n); err != nil {
		q.Logger.ErrorContext(q.Context(), "console page not rendered", "error", err)
		http.Error(q.Writer, "The page could not be shown.", http.StatusInternalServerError)
	}
	return nil
}
