package console

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
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// maxMatrixBytes is room for as many ids as a role may list.
const maxMatrixBytes = 512 << 10

// entityWords is what people call what a permission is about, and what its ids are.
var entityWords = map[access.Entity]struct{ name, ids locale.Phrase }{
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

// actionWord is a column of the matrix.
type actionWord struct {
	Action access.Action
	Word   locale.Phrase
	Hint   locale.Phrase
}

// actionWords is what people call the actions, in the order of the columns.
var actionWords = []actionWord{
	{access.ActionRead, "See", ""},
	{access.ActionCreate, "Create", ""},
	{access.ActionEdit, "Change", ""},
	{access.ActionEditAccess, "Change access", "E-mail, password, active, locked, roles"},
	{access.ActionDelete, "Delete", ""},
	{access.ActionAssign, "Assign", "Give to users, and take away"},
}

// choice is what a cell of the matrix says.
type choice string

// The choices. A role can permit an action for one's own and for some ids as well.
const (
	chosenNone   choice = ""
	chosenAll    choice = "all"
	chosenOwn    choice = "self"
	chosenIDs    choice = "ids"
	chosenOwnIDs choice = "self+ids"
)

var choiceWords = map[choice]locale.Phrase{
	chosenNone: "None", chosenAll: "All", chosenOwn: "Own", chosenIDs: "These ids", chosenOwnIDs: "Own and these ids",
}

// word says a choice, which is one of so many: where there are but two, the action is
// for what there is only one of, or none of yet.
func (c choice) word(of int) locale.Phrase {
	switch {
	case of > 2:
		return choiceWords[c]
	case c == chosenNone:
		return "No"
	}
	return "Yes"
}

func (c choice) listsIDs() bool { return c == chosenIDs || c == chosenOwnIDs }

// scopes are what a choice permits.
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

// choicesOf are the choices that there are for an action.
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

// matrix is the permissions of a role: a row for each entity, a column for each action.
type matrix struct {
	Columns []actionWord
	Rows    []matrixRow
	Unknown []string // permissions of names that are not known; they stay
	Fixed   bool     // it is only shown
	Seen    string   // tells these permissions from those of another moment
	Partly  bool     // the caller cannot give all that there is
	Alert   string
}

// matrixRow has a cell for each column, nil where there is no such action.
type matrixRow struct {
	Entity access.Entity
	Word   locale.Phrase
	Cells  []*cell
}

// cell says for which things of a kind a role permits an action.
type cell struct {
	Entity access.Entity
	Action access.Action
	Of     locale.Phrase // the entity in words
	Word   locale.Phrase // the action in words
	IDsOf  locale.Phrase

	Options  []option
	Chosen   choice
	Listable bool   // ids can be listed
	IDs      string // as they were typed
	Closed   bool   // the caller can give none of it
	Faults   []string

	ids []int64
}

// Name names the field of the cell.
func (c *cell) Name() string { return string(c.Entity) + ":" + string(c.Action) }

// Text is the choice in words.
func (c *cell) Text() locale.Phrase { return c.Chosen.word(len(c.Options)) }

// ListsIDs reports whether the choice is for ids.
func (c *cell) ListsIDs() bool { return c.Chosen.listsIDs() }

// matrix lays out what a role permits. One that is fixed is only shown.
func (q *request) matrix(r access.Role, fixed bool) *matrix {
	m := &matrix{Columns: actionWords, Fixed: fixed, Seen: fingerprint(r)}
	held := r.Expand()
	for _, known := range access.Registry {
		words := entityWords[known.Entity]
		row := matrixRow{Entity: known.Entity, Word: words.name}
		for _, a := range actionWords {
			var c *cell
			if slices.Contains(known.Actions, a.Action) {
				c = &cell{Entity: known.Entity, Action: a.Action, Of: words.name, Word: a.Word, IDsOf: words.ids}
				c.take(held)
				q.offer(c)
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

// fingerprint tells the permissions of a role from others.
func fingerprint(r access.Role) string {
	all := sha256.New()
	for _, p := range r.Permissions {
		_, _ = all.Write([]byte(p.String() + "\n")) // never fails
	}
	return hex.EncodeToString(all.Sum(nil)[:16])
}

// take finds the choice that permissions are. All has the others in it.
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

// offer lists the choices of a cell, and closes those that the caller cannot give.
func (q *request) offer(c *cell) {
	choices := choicesOf(c.Entity, c.Action)
	c.Listable = slices.Contains(choices, chosenIDs)
	c.Closed = true
	for _, one := range choices {
		o := option{Value: string(one), Text: q.say(one.word(len(choices))), Selected: one == c.Chosen}
		for _, scope := range one.scopes() {
			o.Disabled = o.Disabled || !o.Selected && !q.gives(c.Entity, c.Action, scope)
		}
		c.Closed = c.Closed && (o.Disabled || one == chosenNone)
		c.Options = append(c.Options, o)
	}
}

// gives reports whether the caller can give an action, for at least one thing where it
// is for ids.
func (q *request) gives(e access.Entity, a access.Action, scope access.Scope) bool {
	if scope != access.ScopeIDs {
		return q.covers(access.Permission{Entity: e, Action: a, Scope: scope})
	}
	return q.gives(e, a, access.ScopeAll) || slices.ContainsFunc(q.caller.Access.Permissions, func(p access.Permission) bool {
		return p.Entity == e && p.Action == a && p.Scope == access.ScopeIDs
	})
}

// cells calls f with every cell.
func (m *matrix) cells(f func(*cell)) {
	for _, row := range m.Rows {
		for _, c := range row.Cells {
			if c != nil {
				f(c)
			}
		}
	}
}

// fill takes what was sent. What is not a choice of the cell is none.
func (m *matrix) fill(q *request) {
	m.cells(func(c *cell) {
		c.Chosen, c.ids = chosenNone, nil
		for i := range c.Options {
			o := &c.Options[i]
			if o.Selected = o.Value == q.value(c.Name()); o.Selected {
				c.Chosen = choice(o.Value)
			}
		}
		c.IDs = q.value(c.Name() + ".ids")
		if !c.ListsIDs() {
			return
		}
		for text := range strings.FieldsFuncSeq(c.IDs, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\t' }) {
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

// fault marks a cell that is at fault.
func (m *matrix) fault(q *request, c *cell, what locale.Phrase) {
	m.Alert = q.say(markedBelow)
	c.Faults = append(c.Faults, q.say(what))
}

// drafts are the permissions that the matrix asks for, with the cell of each.
func (m *matrix) drafts() (drafts []access.PermissionRequest, cells []*cell) {
	m.cells(func(c *cell) {
		for _, scope := range c.Chosen.scopes() {
			drafts = append(drafts, draftOf(access.Permission{Entity: c.Entity, Action: c.Action, Scope: scope, IDs: c.ids}))
			cells = append(cells, c)
		}
	})
	return drafts, cells
}

// unknownDrafts asks for what a role has of names that are not known.
func unknownDrafts(r access.Role) (drafts []access.PermissionRequest) {
	for _, p := range r.Permissions {
		if !p.Known() {
			drafts = append(drafts, draftOf(p))
		}
	}
	return drafts
}

// draftOf asks for a permission.
func draftOf(p access.Permission) access.PermissionRequest {
	d := access.PermissionRequest{Entity: p.Entity, Action: p.Action}
	switch p.Scope {
	case access.ScopeSelf:
		d.DynamicID = access.SelfUserID
	case access.ScopeIDs:
		d.IDs = &p.IDs
	}
	return d
}

// refuse shows why the rules did not take the drafts of cells, and returns the status;
// 0 for a failure that the matrix cannot mend.
func (m *matrix) refuse(q *request, err error, cells []*cell) int {
	f := &form{}
	status := q.refuse(f, err)
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
			m.Alert += " " + sentence(q.look.language.SayRule(d.Message))
		case failed.Code == account.CodePermissionNeedsRead:
			cells[i].Faults = append(cells[i].Faults, q.say("Who may do this must see the same ones: choose the same under “See”."))
		default:
			cells[i].Faults = append(cells[i].Faults, sentence(q.look.language.SayRule(d.Message)))
		}
	}
	m.Alert = strings.TrimSpace(q.say(markedBelow) + m.Alert)
	return http.StatusUnprocessableEntity
}
