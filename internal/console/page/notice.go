package page

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Notice is the data of templates/notice.html: a page of text. Its title is the heading.
type Notice struct {
	Kind      NoticeKind
	Text      []string // paragraphs
	RequestID string   // for the user to quote to an administrator; "": none
	Link      *Link    // the next step; nil: none
}

// Link is a link of a page.
type Link struct {
	Path string
	Text locale.Phrase
}

// NoticeKind selects the colour and the ARIA role of a notice.
type NoticeKind string

// The kinds of notices.
const (
	NoticeDone    NoticeKind = "done"
	NoticeAdvice  NoticeKind = "advice"
	NoticeFailure NoticeKind = "failure"
)

// NewNotice returns a notice with a paragraph for each phrase.
func (q *Request) NewNotice(k NoticeKind, text ...locale.Phrase) Notice {
	n := Notice{Kind: k}
	for _, p := range text {
		n.Text = append(n.Text, q.Tr(p))
	}
	return n
}

// Notify answers with a notice. It returns no error, so a handler can return its call.
func (q *Request) Notify(status int, title locale.Phrase, n Notice) error {
	if err := q.ShowStatus(status, "notice.html", q.Tr(title), n); err != nil {
		q.Logger.ErrorContext(q.Context(), "console page not rendered", "error", err)
		http.Error(q.Writer, "The page could not be shown.", http.StatusInternalServerError)
	}
	return nil
}
