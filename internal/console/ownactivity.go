package console

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	ownActivityPath = "/profile/activity"
	ownActivityPage = 50 // entries
)

var ownActivityRoutes = []route{{pattern: "GET " + ownActivityPath, page: (*request).showOwnActivity}}

// ownActivity is what templates/ownactivity.html shows.
type ownActivity struct {
	MayRead bool
	Rows    []ownActivityRow
	Older   string // path of the next page; "": none
	Newest  string // path of the first page; "" on it
}

// ownActivityRow is an entry of the log that is about what the reader did himself.
type ownActivityRow struct {
	At         time.Time
	What       string
	Target     string // "": himself, or a thing that there is one of
	Details    string // the key that it is about, or the fields that were changed
	Source     string
	Credential string
	Count      int
}

func (q *request) showOwnActivity() error {
	page := ownActivity{MayRead: q.may(access.ActionRead, access.EntityActivityLog)}
	if !page.MayRead {
		return q.show("ownactivity.html", "My activity", page)
	}
	cursor := q.URL.Query().Get("cursor")
	entries, next, err := q.accounts.Activity(q.Context(), q.caller, account.ActivityFilter{ActorID: q.caller.User.ID}, cursor, ownActivityPage)
	if err != nil {
		return err
	}
	for _, e := range entries {
		page.Rows = append(page.Rows, q.ownActivityRow(e.Activity))
	}
	if next != "" {
		page.Older = ownActivityPath + "?" + url.Values{"cursor": {next}}.Encode()
	}
	if cursor != "" {
		page.Newest = ownActivityPath
	}
	return q.show("ownactivity.html", "My activity", page)
}

func (q *request) ownActivityRow(e account.Activity) ownActivityRow {
	row := ownActivityRow{At: q.local(e.At), What: q.activityPhrase(e.Action), Source: e.Actor.ClientNetwork, Count: e.Count}
	own := e.Target.Name == q.caller.User.Email // also of his sessions and keys
	switch {
	case own && e.Action == account.ActionUserUpdate:
		row.What = q.say("Changed the profile")
	case !own:
		row.Target = e.Target.Name
	}
	row.Details = q.activityDetails(e.Event)
	switch e.Actor.Credential.Kind {
	case account.CredentialContractKey:
		row.Credential = q.say("by the key of the contract")
	case account.CredentialNamedKey:
		row.Credential = q.say("by a named key")
	}
	return row
}

// activityDetails says which key an entry is about, and of anything else which fields
// were changed.
func (q *request) activityDetails(e account.Event) string {
	var fields []string
	for _, c := range e.Changes {
		switch {
		case e.Target.Kind != access.EntityAPIKey:
			fields = append(fields, q.activityField(c.Field))
		case c.Field == "name":
			fields = append(fields, fmt.Sprint(c.To))
		case c.Field == "kind" && c.To == string(account.APIKeyContract):
			fields = append(fields, q.say("Key of the contract"))
		}
	}
	return strings.Join(fields, ", ")
}
