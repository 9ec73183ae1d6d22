package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/activityfile"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

const (
	activityPath       = "/activity"
	activityExportPath = activityPath + "/export"

	activityPage = 50 // entries
)

var readsActivity = permission{access.ActionRead, access.EntityActivityLog}

var activityRoutes = []route{
	{pattern: "GET " + activityPath, page: (*request).showActivity, may: readsActivity},
	{pattern: "GET " + activityExportPath, page: (*request).exportActivity, may: readsActivity},
}

// activityRow is an entry of the log as templates/activity.html shows it.
type activityRow struct {
	At          time.Time
	Who, About  thing
	Credential  locale.Phrase
	Source      string
	What        string // in words
	Count       int
	Changes     []change
	Sealed      bool
	AboutKind   locale.Phrase
	AboutNumber string // id of what it is about; "": there is only one
}

// thing is somebody or something, under the name of that time.
type thing struct {
	Name string
	Path string // of its page; "": it is gone, or may not be seen
}

// change is a field that was given another value.
type change struct{ Field, From, To string }

// credentialKinds says what let somebody in.
var credentialKinds = map[account.CredentialKind]locale.Phrase{
	account.CredentialSession:     "session",
	account.CredentialContractKey: "API key",
	account.CredentialNamedKey:    "named key",
	account.CredentialPassword:    "password",
	account.CredentialMailToken:   "link of a message",
	account.CredentialOperator:    "on the server itself",
	account.CredentialNone:        "not signed in",
}

// kindsOfThings are what entries are about, in the order in which they are offered.
var kindsOfThings = []struct {
	kind  access.Entity
	label locale.Phrase
}{
	{access.EntityUser, "User"},
	{access.EntityRole, "Role"},
	{access.EntitySession, "Session"},
	{access.EntityAPIKey, "API key"},
	{access.EntityApplicationSettings, "Settings"},
	{access.EntityLockoutPolicy, "Lockout policy"},
	{access.EntityLDAPConfiguration, "Directory"},
	{access.EntitySAMLConfiguration, "SAML"},
	{"import", "Import"},
}

func sayKind(kind access.Entity) locale.Phrase {
	for _, k := range kindsOfThings {
		if k.kind == kind {
			return k.label
		}
	}
	return locale.Phrase(kind)
}

// showActivity shows a page of the log. Where a filter cannot be understood it shows
// what is wrong, and no entries: they would be others than those that were asked for.
func (q *request) showActivity() error {
	query := q.URL.Query()
	f, filter, err := q.readActivityFilter(query)
	if err != nil {
		return err
	}
	content := struct {
		Filter        activityForm
		Rows          []activityRow
		Newer, Older  string // paths
		Export        string
		Filtered, Bad bool
	}{Filter: f, Filtered: filter != (account.ActivityFilter{}), Bad: f.Bad()}
	if content.Bad {
		return q.showStatus(http.StatusUnprocessableEntity, "activity.html", q.say("Activity"), content)
	}
	entries, next, err := q.accounts.Activity(q.Context(), q.caller, filter, query.Get("cursor"), activityPage)
	if err != nil {
		return err
	}
	content.Rows = q.activityRows(entries)
	kept := f.query()
	content.Export = pathWith(activityExportPath, kept)
	if query.Get("cursor") != "" {
		content.Newer = pathWith(activityPath, kept)
	}
	if next != "" {
		kept.Set("cursor", next)
		content.Older = pathWith(activityPath, kept)
	}
	return q.show("activity.html", "Activity", content)
}

func pathWith(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// exportActivity streams all entries of the filter, as the API does.
func (q *request) exportActivity() error {
	f, filter, err := q.readActivityFilter(q.URL.Query())
	if err != nil {
		return err
	}
	if f.Bad() {
		return q.redirect(pathWith(activityPath, f.query())) // which says what is wrong
	}
	h := q.w.Header()
	h.Set("Content-Type", activityfile.ContentType)
	h.Set("Content-Disposition", `attachment; filename="usher-activity.ndjson"`)
	if q.Method == http.MethodHead {
		return nil // the whole log would be read for nothing
	}
	out := &sent{ResponseWriter: q.w}
	if err := activityfile.Write(q.Context(), out, q.accounts, q.caller, filter); err != nil {
		if out.begun { // a page behind a part of the file would look like the end of it
			q.Logger.ErrorContext(q.Context(), "export of the activity log broke off", "error", err)
			panic(http.ErrAbortHandler)
		}
		h.Del("Content-Disposition")
		return err
	}
	return nil
}

// sent tells whether a part of the answer was written.
type sent struct {
	http.ResponseWriter
	begun bool
}

func (s *sent) Write(b []byte) (int, error) {
	s.begun = true
	return s.ResponseWriter.Write(b)
}

// activityRows are entries as they are shown.
func (q *request) activityRows(entries []account.StoredActivity) []activityRow {
	look := pagesOf{q, map[string]string{}}
	rows := make([]activityRow, len(entries))
	for i, e := range entries {
		row := activityRow{
			At: q.local(e.At), Credential: credentialKinds[e.Actor.Credential.Kind], Source: e.Actor.ClientNetwork,
			What: q.activityPhrase(e.Action), Count: e.Count, Sealed: e.Number > 0,
			Who:       thing{e.Actor.Name, look.path(access.EntityUser, e.Actor.ID)},
			AboutKind: sayKind(e.Target.Kind), About: thing{e.Target.Name, look.path(e.Target.Kind, e.Target.ID)},
		}
		if e.Target.ID != 0 {
			row.AboutNumber = strconv.FormatInt(e.Target.ID, 10)
		}
		if row.Who.Name == "" {
			row.Who.Name = q.say("Nobody known")
			if e.Actor.Credential.Kind == account.CredentialOperator {
				row.Who.Name = q.say("An operator")
			}
		}
		for _, c := range e.Changes {
			row.Changes = append(row.Changes, change{c.Field, q.sayValue(c.From), q.sayValue(c.To)})
		}
		rows[i] = row
	}
	return rows
}

// pagesOf finds the pages of users and roles, each once.
type pagesOf struct {
	*request
	found map[string]string
}

// path is that of the page of something; "" where it is gone or may not be seen, or has
// no page.
func (p pagesOf) path(kind access.Entity, id int64) string {
	var find func() error
	switch kind {
	case access.EntityUser:
		find = func() error { _, err := p.accounts.User(p.Context(), p.caller, id); return err }
	case access.EntityRole:
		find = func() error { _, err := p.accounts.Role(p.Context(), p.caller, id); return err }
	}
	if find == nil || id == 0 {
		return ""
	}
	path := fmt.Sprintf("/%ss/%d", kind, id)
	if _, ok := p.found[path]; !ok {
		p.found[path] = ""
		if find() == nil {
			p.found[path] = path
		}
	}
	return p.found[path]
}

const maxShownValue = 200 // characters of a value of a change

// sayValue writes the value of a field, which is text, a number, a truth value or a
// list of these. It is cut where it is long.
func (q *request) sayValue(value any) string {
	text := ""
	switch v := value.(type) {
	case nil:
		return "–"
	case bool:
		if v {
			return q.say("yes")
		}
		return q.say("no")
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = q.sayValue(part)
		}
		text = strings.Join(parts, ", ")
	case json.Number:
		text = v.String()
	default:
		text = fmt.Sprint(v)
	}
	if runes := []rune(text); len(runes) > maxShownValue {
		text = string(runes[:maxShownValue]) + "…"
	}
	return text
}
