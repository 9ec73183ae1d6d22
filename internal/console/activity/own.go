package activity

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// fieldNames maps the name of a changed field in the log to its label. The optional texts of a
// profile have their labels in page.ProfileLabel.
var fieldNames = map[string]locale.Phrase{
	"name":     "Name",
	"picture":  "Picture",
	"email":    "E-mail",
	"active":   "Active",
	"roles":    "Roles",
	"language": "Language",
}

// fieldName returns the translated label of a field. A field without a label keeps its name from
// the log.
func fieldName(q *page.Request, name string) string {
	if phrase, ok := fieldNames[name]; ok {
		return q.Tr(phrase)
	}
	if label, ok := page.ProfileLabel(name); ok {
		return q.Tr(label)
	}
	return name
}

// ownLogPage is the number of entries on one page of the caller's own activity.
const ownLogPage = 50

// ownLogView is the data of templates/ownactivity.html.
type ownLogView struct {
	MayRead bool
	Rows    []ownLogRow
	Older   string // path of the page with older entries; "": none
	Newest  string // path of the first page; "" if this is the first page
}

// ownLogRow is an entry whose actor is the caller.
type ownLogRow struct {
	At            time.Time
	Action        string
	Target        string // "" if the target is the caller, or has no name, such as the settings
	Details       string // the name of the API key, or the changed fields
	ClientNetwork string
	Credential    string
	Count         int
}

func (h *handler) showOwnLog(q *page.Request) error {
	view := ownLogView{MayRead: q.May(access.ActionRead, access.EntityActivityLog)}
	if !view.MayRead {
		return q.Show("ownactivity.html", "My activity", view)
	}
	cursor := q.URL.Query().Get("cursor")
	filter := account.ActivityFilter{ActorID: q.Caller.User.ID}
	entries, next, err := h.service.Activity(q.Context(), q.Caller, filter, cursor, ownLogPage)
	if err != nil {
		return err
	}
	for _, e := range entries {
		view.Rows = append(view.Rows, newOwnLogRow(q, e.Activity))
	}
	if next != "" {
		view.Older = ownLogPath + "?" + url.Values{"cursor": {next}}.Encode()
	}
	if cursor != "" {
		view.Newest = ownLogPath
	}
	return q.Show("ownactivity.html", "My activity", view)
}

func newOwnLogRow(q *page.Request, e account.Activity) ownLogRow {
	row := ownLogRow{At: q.Local(e.At), Action: q.TrAction(e.Action), ClientNetwork: e.Actor.ClientNetwork, Count: e.Count}
	own := e.Target.Name == q.Caller.User.Email // in entries about sessions and keys, Name is the owner's address
	switch {
	case own && e.Action == account.ActionUserUpdate:
		row.Action = q.Tr("Changed the profile")
	case !own:
		row.Target = e.Target.Name
	}
	row.Details = detailsText(q, e.Event)
	switch e.Actor.Credential.Kind {
	case account.CredentialContractKey:
		row.Credential = q.Tr("by the key of the contract")
	case account.CredentialNamedKey:
		row.Credential = q.Tr("by a named key")
	}
	return row
}

// detailsText returns the name of the key for an entry about an API key, and the changed fields for
// any other entry.
func detailsText(q *page.Request, e account.Event) string {
	var fields []string
	for _, c := range e.Changes {
		switch {
		case e.Target.Kind != access.EntityAPIKey:
			fields = append(fields, fieldName(q, c.Field))
		case c.Field == "name":
			fields = append(fields, fmt.Sprint(c.To))
		case c.Field == "kind" && c.To == string(account.APIKeyContract):
			fields = append(fields, q.Tr("Key of the contract"))
		}
	}
	return strings.Join(fields, ", ")
}
