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
	Newer, Older  string // paths of the neighbouring pages; "": none
	Export        string
	Filtered, Bad bool
}

// logRow is an entry of the log.
type logRow struct {
	At            time.Time
	Actor, Target reference // the name of each, with a link
	Credential    locale.Phrase
	ClientNetwork string
	Action        string // the action, translated
	Count         int
	Changes       []change
	Sealed        bool
	TargetKind    locale.Phrase
	TargetID      string // id of the target; "" for a target without an id, such as the settings
}

// reference is an actor or a target, with the name that the entry has recorded.
type reference struct {
	Name string
	Path string // path of the page about the actor or target; "" if they were deleted or the caller may not see them
}

// change is a changed field of the target, with its previous and its new value.
type change struct{ Field, From, To string }

// credentialKinds maps each kind of credential to its name on the page.
var credentialKinds = map[account.CredentialKind]locale.Phrase{
	account.CredentialSession:     "session",
	account.CredentialContractKey: "API key",
	account.CredentialNamedKey:    "named key",
	account.CredentialPassword:    "password",
	account.CredentialMailToken:   "link of a message",
	account.CredentialOperator:    "on the server itself",
	account.CredentialNone:        "not signed in",
}

// targetKinds lists the kinds of targets in the order in which the filter offers them.
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

// showLog shows a page of the log. If the filter is invalid, showLog marks the invalid fields and
// shows no entries.
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

// pathWith returns path with query appended, or path alone if query is empty.
func pathWith(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// exportLog streams all entries that match the filter, in the format of the API.
func (h *handler) exportLog(q *page.Request) error {
	f, filter, err := h.readFilter(q, q.URL.Query())
	if err != nil {
		return err
	}
	if f.Bad() {
		return q.Redirect(pathWith(logPath, f.query())) // that page marks the invalid fields
	}
	header := q.Writer.Header()
	header.Set("Content-Type", activityfile.ContentType)
	header.Set("Content-Disposition", `attachment; filename="usher-activity.ndjson"`)
	if q.Method == http.MethodHead {
		return nil // a HEAD request needs no body
	}
	out := &startedWriter{ResponseWriter: q.Writer}
	err = activityfile.Write(q.Context(), out, h.service, q.Caller, filter)
	if err != nil && out.started { // an error page after half of the file would look like the rest of the file
		q.Logger.ErrorContext(q.Context(), "export of the activity log interrupted", "error", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		header.Del("Content-Disposition")
	}
	return err
}

// startedWriter records whether the handler has begun to write the response.
type startedWriter struct {
	http.ResponseWriter
	started bool
}

func (w *startedWriter) Write(b []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(b)
}

// logRows returns the table rows of entries.
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

// linker finds the paths of the pages of users and roles. It caches the paths, so it looks up each
// user or role once.
type linker struct {
	service Service
	request *page.Request
	paths   map[string]string // cache; "" for a user or role without a page
}

// path returns the path of the page about the user or role with an id. It returns "" if there is no
// such page: the object has no page, was deleted, or may not be seen by the caller.
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

// maxShownValue is the maximum length, in characters, at which a page shows a changed value.
const maxShownValue = 200

// valueText formats the value of a field, which is text, a number, a boolean, or a list of them. It
// truncates the result to maxShownValue characters.
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
