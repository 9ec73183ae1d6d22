package activity

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
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// logPage is how many entries a page of the log lists.
const logPage = 50

// logView is the data of templates/activity.html.
type logView struct {
	Filter        filterForm
	Rows          []logRow
	Newer, Older  string // paths
	Export        string
	Filtered, Bad bool
}

// logRow is an entry of the log.
type logRow struct {
	At            time.Time
	Actor, Target reference // the actor and the target
	Credential    locale.Phrase
	ClientNetwork string // client network
	Action        string // the action, translated
	Count         int
	Changes       []change
	Sealed        bool
	TargetKind    locale.Phrase
	TargetID      string // id of the target; "": the only one of its kind
}

// reference names an actor or a target as it was called at the time of the entry.
type reference struct {
	Name string
	Path string // of its page; "": it is gone, or the caller may not see it
}

// change is a field of the target with its former and its new value.
type change struct{ Field, From, To string }

// credentialKinds names the kinds of credentials.
var credentialKinds = map[account.CredentialKind]locale.Phrase{
	account.CredentialSession:     "session",
	account.CredentialContractKey: "API key",
	account.CredentialNamedKey:    "named key",
	account.CredentialPassword:    "password",
	account.CredentialMailToken:   "link of a message",
	account.CredentialOperator:    "on the server itself",
	account.CredentialNone:        "not signed in",
}

// targetKinds are the kinds of targets, in the order of the filter.
var targetKinds = []struct {
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

func kindLabel(kind access.Entity) locale.Phrase {
	for _, k := range targetKinds {
		if k.kind == kind {
			return k.label
		}
	}
	return locale.Phrase(kind)
}

// showLog shows a page of the log. If the filter is invalid it shows what is wrong, and no
// entries: they would not be those that the caller wants to see.
func (h *handler) showLog(q *page.Request) error {
	query := q.URL.Query()
	f, filter, err := h.readFilter(q, query)
	if err != nil {
		return err
	}
	view := logView{Filter: f, Filtered: filter != (account.ActivityFilter{}), Bad: f.Bad()}
	if view.Bad {
		return q.ShowStatus(http.StatusUnprocessableEntity, "activity.html", q.Tr("Activity"), view)
	}
	entries, next, err := h.service.Activity(q.Context(), q.Caller, filter, query.Get("cursor"), logPage)
	if err != nil {
		return err
	}
	view.Rows = h.logRows(q, entries)
	parameters := f.query()
	view.Export = pathWith(exportPath, parameters)
	if query.Get("cursor") != "" {
		view.Newer = pathWith(logPath, parameters)
	}
	if next != "" {
		parameters.Set("cursor", next)
		view.Older = pathWith(logPath, parameters)
	}
	return q.Show("activity.html", "Activity", view)
}

// pathWith returns a path with a query, if there is one.
func pathWith(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// exportLog streams all entries of the filter, as the API does.
func (h *handler) exportLog(q *page.Request) error {
	f, filter, err := h.readFilter(q, q.URL.Query())
	if err != nil {
		return err
	}
	if f.Bad() {
		return q.Redirect(pathWith(logPath, f.query())) // the log shows what is wrong
	}
	header := q.Writer.Header()
	header.Set("Content-Type", activityfile.ContentType)
	header.Set("Content-Disposition", `attachment; filename="usher-activity.ndjson"`)
	if q.Method == http.MethodHead {
		return nil // don't read the whole log for nothing
	}
	out := &startedWriter{ResponseWriter: q.Writer}
	err = activityfile.Write(q.Context(), out, h.service, q.Caller, filter)
	if err != nil && out.started { // an error page after a part of the file would look like its end
		q.Logger.ErrorContext(q.Context(), "export of the activity log interrupted", "error", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		header.Del("Content-Disposition")
	}
	return err
}

// startedWriter records whether a part of the response was written.
type startedWriter struct {
	http.ResponseWriter
	started bool
}

func (w *startedWriter) Write(b []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(b)
}

// logRows returns the rows of entries.
func (h *handler) logRows(q *page.Request, entries []account.StoredActivity) []logRow {
	links := linker{service: h.service, request: q, paths: map[string]string{}}
	rows := make([]logRow, len(entries))
	for i, e := range entries {
		row := logRow{
			At: q.Local(e.At), Credential: credentialKinds[e.Actor.Credential.Kind], ClientNetwork: e.Actor.ClientNetwork,
			Action: q.TrAction(e.Action), Count: e.Count, Sealed: e.Number > 0,
			Actor:      reference{Name: e.Actor.Name, Path: links.path(access.EntityUser, e.Actor.ID)},
			TargetKind: kindLabel(e.Target.Kind),
			Target:     reference{Name: e.Target.Name, Path: links.path(e.Target.Kind, e.Target.ID)},
		}
		if e.Target.ID != 0 {
			row.TargetID = strconv.FormatInt(e.Target.ID, 10)
		}
		if row.Actor.Name == "" {
			row.Actor.Name = q.Tr("Nobody known")
			if e.Actor.Credential.Kind == account.CredentialOperator {
				row.Actor.Name = q.Tr("An operator")
			}
		}
		for _, c := range e.Changes {
			row.Changes = append(row.Changes, change{c.Field, valueText(q, c.From), valueText(q, c.To)})
		}
		rows[i] = row
	}
	return rows
}

// linker finds the pages of users and roles, each once.
type linker struct {
	service Service
	request *page.Request
	paths   map[string]string // "" for an entity without a page
}

// path returns the path of an entity's page, or "" if there is none, if the entity is gone,
// or if the caller may not see it.
func (l linker) path(kind access.Entity, id int64) string {
	if id == 0 || kind != access.EntityUser && kind != access.EntityRole {
		return ""
	}
	path := fmt.Sprintf("/%ss/%d", kind, id)
	if found, ok := l.paths[path]; ok {
		return found
	}
	var err error
	switch kind {
	case access.EntityUser:
		_, err = l.service.User(l.request.Context(), l.request.Caller, id)
	case access.EntityRole:
		_, err = l.service.Role(l.request.Context(), l.request.Caller, id)
	}
	l.paths[path] = ""
	if err == nil {
		l.paths[path] = path
	}
	return l.paths[path]
}

// maxShownValue is how many characters of a changed value a page shows.
const maxShownValue = 200

// valueText writes the value of a field: text, a number, a boolean, or a list of these. It
// truncates a long one.
func valueText(q *page.Request, value any) string {
	text := ""
	switch v := value.(type) {
	case nil:
		return "–"
	case bool:
		if v {
			return q.Tr("yes")
		}
		return q.Tr("no")
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = valueText(q, part)
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
