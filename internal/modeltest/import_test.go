package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// userImport is the making of users in batches that belong together.
type userImport struct {
	id                         int64
	owner                      int64
	dryRun                     bool
	state                      string
	taken, faults              int // rows, and what is wrong with them
	created, touched, finished time.Time
	rows                       []*importRow // until it is over
}

// importRow is what an import keeps of a row.
type importRow struct {
	address  string
	user     int64 // 0: a dry run makes none
	activate bool
}

func (i *userImport) view() object {
	view := object{
		"id": i.id, "dryRun": i.dryRun, "state": i.state, "rows": i.taken, "faults": i.faults, "createdAt": i.created, "finishedAt": nil,
	}
	if !i.finished.IsZero() {
		view["finishedAt"] = i.finished
	}
	return view
}

func (m *machine) beginImport(t *rapid.T) {
	dryRun := rarely(t, "dry run", 3)
	m.call(t, "POST", "/api/imports", object{"dryRun": dryRun}, func(p *principal, got answer) *expected {
		if no := p.may("user", "create", allOf); no != nil {
			return no
		}
		i := &userImport{
			id: p.fresh("import", got.id("id")), owner: p.user.id, dryRun: dryRun, state: "open", created: p.now, touched: p.now,
		}
		p.imports[i.id] = i
		p.note("import.begin", "import", i.id, "")
		return created(i.view())
	})
}

// ownImport returns an import of the caller's, or how he is refused. An administrator
// sees all.
func (p *principal) ownImport(id int64) (*userImport, *expected) {
	if no := p.may("user", "create", allOf); no != nil {
		return nil, no
	}
	i := p.imports[id]
	if i == nil || i.owner != p.user.id && !p.administrator() {
		return nil, notFound()
	}
	return i, nil
}

func (m *machine) drawImport(t *rapid.T) int64 {
	return rapid.SampledFrom(append(newest(m.model.imports), 99)).Draw(t, "import")
}

// onImport makes a request about an import, which rule changes.
func (m *machine) onImport(t *rapid.T, method, path string, rule func(p *principal, i *userImport) *expected) {
	id := m.drawImport(t)
	m.call(t, method, pathOf("imports/%d%s", id, path), nil, func(p *principal, _ answer) *expected {
		i, no := p.ownImport(id)
		if no == nil {
			no = rule(p, i)
		}
		if no != nil {
			return no
		}
		return ok(i.view())
	})
}

func (m *machine) getImport(t *rapid.T) {
	m.onImport(t, "GET", "", func(*principal, *userImport) *expected { return nil })
}

func (m *machine) addImportRows(t *rapid.T) {
	id := m.drawImport(t)
	rows := rapid.SliceOfN(rapid.Custom(drawImportRow), 1, 3).Draw(t, "rows")
	first := 1
	if i := m.model.imports[id]; i != nil {
		first = i.taken + 1 - rapid.IntRange(0, min(i.taken, 2)).Draw(t, "rows once more")
	}
	if rarely(t, "a gap", 10) {
		first++
	}
	body := object{"first": first, "users": rows}
	m.call(t, "POST", pathOf("imports/%d/rows", id), body, func(p *principal, got answer) *expected {
		i, no := p.ownImport(id)
		switch {
		case no != nil:
			return no
		case i.state != "open":
			return conflict("IMPORT_STATE")
		case first > i.taken+1:
			return invalid("/first")
		}
		rows := rows[min(i.taken+1-first, len(rows)):]
		faults := []object{}
		if len(rows) > 0 {
			faults = p.takeRows(i, rows, m.newUsers(t, len(rows)))
		}
		for n := range faults { // what is said of them is for people
			faults[n]["message"] = got.at("faults", n, "message")
		}
		return ok(object{"import": i.view(), "faults": faults})
	})
}

func drawImportRow(t *rapid.T) object {
	row := object{"name": rapid.SampledFrom(names).Draw(t, "name"), "email": drawAddress(t)}
	if rapid.Bool().Draw(t, "a password") {
		row["password"] = drawNewPassword(t)
	}
	if !rarely(t, "inactive", 4) {
		row["active"] = true
	}
	return row
}

// takeRows takes the next rows of an import, which are users of these ids, and
// returns what is wrong with them. A fault undoes an import, but for a dry run.
func (p *principal) takeRows(i *userImport, rows []object, ids []int64) []object {
	faults := []object{}
	for n, row := range rows {
		for _, field := range p.rowFaults(i, rows[:n], row) {
			faults = append(faults, object{"row": i.taken + 1 + n, "path": "/" + field})
		}
	}
	i.touched = p.now
	i.faults += len(faults)
	if len(faults) > 0 && !i.dryRun {
		p.undo(i)
		return faults
	}
	for n, row := range rows {
		kept := &importRow{address: row["email"].(string), activate: row["active"] == true}
		if !i.dryRun {
			password, _ := row["password"].(string)
			u := &user{
				id: p.fresh("user", ids[n]), name: row["name"].(string), email: kept.address, password: password, roles: p.defaultRoles(),
			}
			p.users[u.id] = u
			p.note("user.create", "user", u.id, u.email)
			kept.user = u.id
		}
		i.rows = append(i.rows, kept)
	}
	i.taken += len(rows)
	return faults
}

// rowFaults are the fields at fault of a row; before are those of the same request.
func (p *principal) rowFaults(i *userImport, before []object, row object) (fields []string) {
	address := row["email"].(string)
	if blank(row["name"].(string)) {
		fields = append(fields, "name")
	}
	if !wellFormed(address) {
		fields = append(fields, "email")
	}
	if row["password"] == weak {
		fields = append(fields, "password")
	}
	twice := slices.ContainsFunc(before, func(other object) bool { return same(other["email"].(string), address) })
	there := slices.ContainsFunc(i.rows, func(other *importRow) bool { return same(other.address, address) })
	if wellFormed(address) && (twice || there || p.taken(address, nil)) {
		fields = append(fields, "email")
	}
	return fields
}

func (m *machine) undoImport(t *rapid.T) {
	m.onImport(t, "DELETE", "", func(p *principal, i *userImport) *expected {
		if i.state == "finished" {
			return conflict("IMPORT_STATE")
		}
		i.touched = p.now
		if i.state == "open" {
			p.undo(i)
		}
		return nil
	})
}

// release makes the imports forget a user: somebody has decided about his access.
func (m *model) release(userID int64) {
	for _, i := range m.imports {
		for _, row := range i.rows {
			if row.user == userID {
				row.user = 0
			}
		}
	}
}

// undo deletes the users that an import has made, but for those released from it.
func (p *principal) undo(i *userImport) {
	for _, row := range i.rows {
		if u := p.users[row.user]; u != nil && !u.active {
			p.note("user.delete", "user", u.id, u.email)
			p.forget(u)
		}
	}
	i.state, i.finished, i.rows = "undone", i.touched, nil
	p.note("import.undo", "import", i.id, "")
}

func (m *machine) finishImport(t *rapid.T) {
	m.onImport(t, "POST", "/finish", func(p *principal, i *userImport) *expected {
		if i.state == "undone" {
			return conflict("IMPORT_STATE")
		}
		i.touched = p.now
		if i.state == "open" {
			p.finish(i, func(n int) []int64 { return m.newMails(t, n) })
		}
		return nil
	})
}

// finish activates the users of an import, and invites those without a password.
// Who has other roles by now than a new user is only activated by who covers him.
func (p *principal) finish(i *userImport, mails func(int) []int64) {
	var invited []*message
	for _, row := range i.rows {
		u := p.users[row.user]
		if u == nil || !row.activate || !slices.Equal(u.roles, p.defaultRoles()) && p.covers(p.holds(u.roles)) != nil {
			continue
		}
		if !u.active {
			u.active = true
			p.note("user.update", "user", u.id, u.email)
		}
		if u.password == "" {
			invited = append(invited, p.sendInvitation(u))
			p.note("user.invite", "user", u.id, u.email)
		}
	}
	for n, id := range mails(len(invited)) {
		invited[n].id = p.fresh("message", id)
	}
	i.state, i.finished, i.rows = "finished", i.touched, nil
	p.note("import.finish", "import", i.id, "")
}

// sweepImports undoes those that nobody went on with for a week, and forgets what
// became of the others after a month.
func (m *model) sweepImports() {
	for _, i := range sorted(m.imports) {
		if i.state == "open" && i.touched.Before(m.now.Add(-7*day)) {
			at := i.touched // it is not touched by this
			(&principal{model: m, user: &user{}, by: &credential{kind: "none"}}).undo(i)
			i.touched = at
		}
	}
	for id, i := range m.imports {
		if i.state != "open" && i.touched.Before(m.now.Add(-month)) {
			delete(m.imports, id)
		}
	}
}

// newUsers and newMails are the ids of the newest ones, the oldest of them first,
// where the API does not tell.
func (m *machine) newUsers(t *rapid.T, n int) []int64 {
	users, err := m.store.UsersAfter(t.Context(), 0, 10_000, m.now)
	if err != nil {
		t.Fatalf("read the users: %v", err)
	}
	ids := make([]int64, n)
	for i := range min(n, len(users)) {
		ids[n-1-i] = users[len(users)-1-i].ID
	}
	return ids
}

func (m *machine) newMails(t *rapid.T, n int) []int64 {
	mails, err := m.store.Mails(t.Context(), n)
	if err != nil {
		t.Fatalf("read the outbox: %v", err)
	}
	ids := make([]int64, n)
	for i := range min(n, len(mails)) {
		ids[n-1-i] = mails[i].ID
	}
	return ids
}
