package roles

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// maxMatrixBytes is the size limit, in bytes, of the form with the permissions. It has room for as
// many ids as a role may list.
const maxMatrixBytes = 512 << 10

// entityNames maps a kind of object to its name on the page, and to the label of the field that limits a permission to
// listed ids.
var entityNames = map[access.Entity]struct{ name, ids locale.Phrase }{
	access.EntityUser:                {"Users", "Ids of users"},
	access.EntityRole:                {"Roles", "Ids of roles"},
	access.EntityAPIKey:              {"API keys", "Ids of their users"},
	access.EntitySession:             {"Sessions", "Ids of their users"},
	access.EntityActivityLog:         {"Activity", "Ids of who did it"},
	access.EntityMail:                {name: "Mail"},
	access.EntityLockoutPolicy:       {name: "Lockout policy"},
	access.EntityApplicationSettings: {name: "Settings of the server"},
	access.EntityLDAPConfiguration:   {name: "Directory (LDAP)"},
	access.EntitySAMLConfiguration:   {name: "Identity provider (SAML)"},
}

// actionColumn is a column of the matrix: one action.
type actionColumn struct {
	Action access.Action
	Word   locale.Phrase
	Hint   locale.Phrase
}

// actionColumns lists the columns of the matrix from left to right.
var actionColumns = []actionColumn{
	{access.ActionRead, "See", ""},
	{access.ActionCreate, "Create", ""},
	{access.ActionEdit, "Change", ""},
	{access.ActionEditAccess, "Change access", "E-mail, password, active, locked, roles"},
	{access.ActionDelete, "Delete", ""},
	{access.ActionAssign, "Assign", "Give to users, and take away"},
}

// choice is the value of a cell: for which objects the role permits the action.
type choice string

// The possible choices. The last one combines two scopes, because a role can permit an action both on the user's own
// objects and on listed ids.
const (
	chosenNone   choice = ""
	chosenAll    choice = "all"
	chosenOwn    choice = "self"
	chosenIDs    choice = "ids"
	chosenOwnIDs choice = "self+ids"
)

var choiceLabels = map[choice]locale.Phrase{
	chosenNone: "None", chosenAll: "All", chosenOwn: "Own", chosenIDs: "These ids", chosenOwnIDs: "Own and these ids",
}

// label returns the label of a choice. choices is how many choices the cell offers. If a cell has two choices, their
// labels are Yes and No: the action creates objects, or the entity has only one object.
func (c choice) label(choices int) locale.Phrase {
	switch {
	case choices > 2:
		return choiceLabels[c]
	case c == chosenNone:
		return "No"
	}
	return "Yes"
}

func (c choice) listsIDs() bool { return c == chosenIDs || c == chosenOwnIDs }

// scopes returns the scopes of the permissions that a choice stands for.
func (c choice) scopes() []access.Scope {
	if c == chosenNone {
		return nil
	}
	var scopes []access.Scope
	for scope := range strings.SplitSeq(string(c), "+") {
		scopes = append(scopes, access.Scope(scope))
	}
	return scopes
}

// choicesOf returns the choices that a cell offers for an action on an entity.
func choicesOf(e access.Entity, a access.Action) []choice {
	choices := []choice{chosenNone}
	for _, scope := range access.Scopes(e, a) {
		choices = append(choices, choice(scope))
	}
	if slices.Contains(choices, chosenOwn) && slices.Contains(choices, chosenIDs) {
		choices = append(choices, chosenOwnIDs)
	}
	return choices
}

// matrix shows the permissions of a role, with one row for each entity and one column for each
// action.
type matrix struct {
	Columns []actionColumn
	Rows    []matrixRow
	Unknown []string // permissions that this release doesn't know; saving keeps them
	Fixed   bool     // read-only
	Seen    string   // fingerprint of the stored permissions, to detect changes by others
	Partly  bool     // some choices are disabled because the caller can't give them
	Alert   string
}

// matrixRow is the row of an entity. Cells has one cell for each column, or nil where the entity
// has no such action.
type matrixRow struct {
	Entity access.Entity
	Word   locale.Phrase
	Cells  []*cell
}

// cell shows for which objects of an entity a role permits an action.
type cell struct {
	Entity access.Entity
	Action access.Action
	Of     locale.Phrase // name of the entity
	Word   locale.Phrase // name of the action
	IDsOf  locale.Phrase

	Options  []page.Option
	Chosen   choice
	Listable bool   // the choices include a list of ids
	IDs      string // the ids as the user typed them
	Closed   bool   // every choice but None is disabled
	Faults   []string

	ids []int64
}

// Name returns the name of the cell's form field.
func (c *cell) Name() string { return string(c.Entity) + ":" + string(c.Action) }

// Text returns the label of the chosen value.
func (c *cell) Text() locale.Phrase { return c.Chosen.label(len(c.Options)) }

// ListsIDs reports whether the chosen value includes a list of ids.
func (c *cell) ListsIDs() bool { return c.Chosen.listsIDs() }

// newMatrix returns the matrix of the permissions that are stored for a role.
func newMatrix(q *page.Request, r access.Role, fixed bool) *matrix {
	m := &matrix{Columns: actionColumns, Fixed: fixed, Seen: fingerprint(r)}
	held := r.Expand()
	for _, known := range access.Registry {
		words := entityNames[known.Entity]
		row := matrixRow{Entity: known.Entity, Word: words.name}
		for _, a := range actionColumns {
			var c *cell
			if slices.Contains(known.Actions, a.Action) {
				c = &cell{Entity: known.Entity, Action: a.Action, Of: words.name, Word: a.Word, IDsOf: words.ids}
				c.take(held)
				offer(q, c)
				m.Partly = m.Partly || c.Closed
			}
			row.Cells = append(row.Cells, c)
		}
		m.Rows = append(m.Rows, row)
	}
	for _, p := range r.Permissions {
		if !p.Known() {
			m.Unknown = append(m.Unknown, p.String())
		}
	}
	return m
}

// fingerprint returns a hash of the permissions of a role.
func fingerprint(r access.Role) string {
	all := sha256.New()
	for _, p := range r.Permissions {
		_, _ = all.Write([]byte(p.String() + "\n")) // a hash never returns an error
	}
	return hex.EncodeToString(all.Sum(nil)[:16])
}

// take sets the cell's choice from the permissions for its entity and action. A permission for all objects makes the
// others redundant.
func (c *cell) take(permissions []access.Permission) {
	var own bool
	for _, p := range permissions {
		if p.Entity != c.Entity || p.Action != c.Action {
			continue
		}
		switch p.Scope {
		case access.ScopeAll:
			c.Chosen = chosenAll
			return
		case access.ScopeSelf:
			own = true
		case access.ScopeIDs:
			c.ids = append(c.ids, p.IDs...)
		}
	}
	switch {
	case own && c.ids != nil:
		c.Chosen = chosenOwnIDs
	case own:
		c.Chosen = chosenOwn
	case c.ids != nil:
		c.Chosen = chosenIDs
	}
	texts := make([]string, len(c.ids))
	for i, id := range c.ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	c.IDs = strings.Join(texts, ", ")
}

// offer sets the options of a cell. It disables those with a permission that the caller can't give.
func offer(q *page.Request, c *cell) {
	choices := choicesOf(c.Entity, c.Action)
	c.Listable = slices.Contains(choices, chosenIDs)
	c.Closed = true
	for _, one := range choices {
		o := page.Option{Value: string(one), Text: q.Tr(one.label(len(choices))), Selected: one == c.Chosen}
		for _, scope := range one.scopes() {
			o.Disabled = o.Disabled || !o.Selected && !gives(q, c.Entity, c.Action, scope)
		}
		c.Closed = c.Closed && (o.Disabled || one == chosenNone)
		c.Options = append(c.Options, o)
	}
}

// gives reports whether the caller can give a permission. A permission with a list of ids counts if the caller can give
// it for at least one id.
func gives(q *page.Request, e access.Entity, a access.Action, scope access.Scope) bool {
	if scope != access.ScopeIDs {
		return covers(q, access.Permission{Entity: e, Action: a, Scope: scope})
	}
	listsIDs := func(p access.Permission) bool {
		return p.Entity == e && p.Action == a && p.Scope == access.ScopeIDs
	}
	return gives(q, e, a, access.ScopeAll) || slices.ContainsFunc(q.Caller.Access.Permissions, listsIDs)
}

// eachCell calls f for every cell of the matrix.
func (m *matrix) eachCell(f func(*cell)) {
	for _, row := range m.Rows {
		for _, c := range row.Cells {
			if c != nil {
				f(c)
			}
		}
	}
}

// fill sets every cell to the value that the browser sent. A value that the cell doesn't offer is
// read as None.
func (m *matrix) fill(q *page.Request) {
	m.eachCell(func(c *cell) {
		c.Chosen, c.ids = chosenNone, nil
		for i := range c.Options {
			o := &c.Options[i]
			if o.Selected = o.Value == q.Value(c.Name()); o.Selected {
				c.Chosen = choice(o.Value)
			}
		}
		c.IDs = q.Value(c.Name() + ".ids")
		if !c.ListsIDs() {
			return
		}
		separator := func(r rune) bool { return strings.ContainsRune(",; \n\t", r) }
		for text := range strings.FieldsFuncSeq(c.IDs, separator) {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil || id < 1 {
				m.fault(q, c, "Write numbers, with commas between them.")
				return
			}
			c.ids = append(c.ids, id)
		}
		if c.ids == nil {
			m.fault(q, c, "Write at least one id, or choose something else.")
		}
	})
}

// fault adds an error message to a cell.
func (m *matrix) fault(q *page.Request, c *cell, fault locale.Phrase) {
	m.Alert = q.Tr(page.MarkedBelow)
	c.Faults = append(c.Faults, q.Tr(fault))
}

// permissionRequests returns the permissions that are chosen in the matrix. cells[i] is the cell
// that requests[i] comes from.
func (m *matrix) permissionRequests() (requests []access.PermissionRequest, cells []*cell) {
	m.eachCell(func(c *cell) {
		for _, scope := range c.Chosen.scopes() {
			p := access.Permission{Entity: c.Entity, Action: c.Action, Scope: scope, IDs: c.ids}
			requests = append(requests, permissionRequest(p))
			cells = append(cells, c)
		}
	})
	return requests, cells
}

// unknownPermissionRequests returns requests for those permissions of a role that this release doesn't know, so that
// saving keeps them.
func unknownPermissionRequests(r access.Role) (requests []access.PermissionRequest) {
	for _, p := range r.Permissions {
		if !p.Known() {
			requests = append(requests, permissionRequest(p))
		}
	}
	return requests
}

// permissionRequest converts a permission to the request for it.
func permissionRequest(p access.Permission) access.PermissionRequest {
	request := access.PermissionRequest{Entity: p.Entity, Action: p.Action}
	switch p.Scope {
	case access.ScopeSelf:
		request.DynamicID = access.SelfUserID
	case access.ScopeIDs:
		request.IDs = &p.IDs
	}
	return request
}

// refuse shows in the cells why package service refused their permissions. It returns the HTTP
// status of the page, or 0 if the user can't fix the error in the matrix.
func (m *matrix) refuse(q *page.Request, err error, cells []*cell) int {
	f := &page.Form{}
	status := q.RefuseForm(f, err)
	m.Alert = f.Alert
	failed, ok := errors.AsType[*account.Error](err)
	if !ok || failed.Code != account.CodeInvalid && failed.Code != account.CodePermissionNeedsRead {
		return status
	}
	m.Alert = ""
	for _, d := range failed.Details {
		number, _, _ := strings.Cut(strings.TrimPrefix(d.Path, "/"), "/")
		i, err := strconv.Atoi(number)
		switch {
		case err != nil || i >= len(cells):
			m.Alert += " " + q.TrDetail(d.Message)
		case failed.Code == account.CodePermissionNeedsRead:
			cells[i].Faults = append(cells[i].Faults,
				q.Tr("Who may do this must see the same ones: choose the same under “See”."))
		default:
			cells[i].Faults = append(cells[i].Faults, q.TrDetail(d.Message))
		}
	}
	m.Alert = strings.TrimSpace(q.Tr(page.MarkedBelow) + m.Alert)
	return http.StatusUnprocessableEntity
}
