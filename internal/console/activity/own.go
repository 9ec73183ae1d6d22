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

// fieldNames name the fields that an entry can change, except for the optional texts of a profile.
var fieldNames = map[string]locale.Phrase{
	"name":     "Name",
	"picture":  "Picture",
	"email":    "E-mail",
	"active":   "Active",
	"roles":    "Roles",
	"language": "Language",
}

// fieldName translates the name of a field. An unknown one is called as in the log.
func fieldName(q *page.Request, name string) string {
	if phrase, ok := fieldNames[name]; ok {
		return q.Tr(phrase)
	}
	if label, ok := page.ProfileLabel(name); ok {
		return q.Tr(label)
	}
	return name
}

// ownLogPage is how many entries a page of the caller's own activity lists.
const ownLogPage = 50

// ownLogView is the data of templates/ownactivity.html.
type ownLogView struct {
	MayRead bool
	Rows    []ownLogRow
	Older   string // path of the next page; "": none
	Newest  string // path of the first page; "" on the first page
}

// ownLogRow is an entry whose actor is the caller.
type ownLogRow struct {
	At            time.Time
	Action        string
	Target        string // "": the caller, or the only target of its kind
	Details       string // the name of the key, or the fields that were changed
	ClientNetwork string // client network
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
	own := e.Target.Name == q.Caller.User.Email // also the target of entries about their sessions and keys
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

// detailsText names the key of an entry about a key, and the changed fields of any other.
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
