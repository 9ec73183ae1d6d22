package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// userImport is an import of users.
type userImport struct {
	id                         int64
	owner                      int64
	dryRun                     bool
	state                      string
	rowCount, faults           int
	created, touched, finished time.Time
	rows                       []*importRow // nil when the import is finished or undone
}

// importRow is a row of an open import.
type importRow struct {
	address  string
	user     int64 // 0: no user, because of a dry run or releaseFromImports
	activate bool
}

func (i *userImport) view() object {
	view := object{
		"id": i.id, "dryRun": i.dryRun, "state": i.state, "rows": i.rowCount, "faults": i.faults,
		"createdAt": i.created, "finishedAt": nil,
	}
	if !i.finished.IsZero() {
		view["finishedAt"] = i.finished
	}
	return view
}

func (m *machine) beginImport(t *rapid.T) {
	dryRun := rarely(t, "dry run", 3)
	m.call(t, "POST", "/api/imports", object{"dryRun": dryRun}, func(p *principal, got answer) *expected {
		if refusal := p.authorize("user", "create", allObjects); refusal != nil {
			return refusal
		}
		i := &userImport{
			id: p.uniqueID("import", got.id("id")), owner: p.user.id, dryRun: dryRun, state: "open",
			created: p.now, touched: p.now,
		}
		p.imports[i.id] = i
		p.record("import.begin", "import", i.id, "")
		return created(i.view())
	})
}

// ownImport returns the import with the id if the caller may use it, else the expected error. A caller may use their
// own imports, and an administrator all imports.
func (p *principal) ownImport(id int64) (*userImport, *expected) {
	if refusal := p.authorize("user", "create", allObjects); refusal != nil {
		return nil, refusal
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

// callWithImport sends a request for a random import. rule makes the same change in the model. It returns nil, or the
// expected error of the request.
func (m *machine) callWithImport(t *rapid.T, method, path string, rule func(p *principal, i *userImport) *expected) {
	id := m.drawImport(t)
	m.call(t, method, pathOf("imports/%d%s", id, path), nil, func(p *principal, _ answer) *expected {
		i, refusal := p.ownImport(id)
		if refusal == nil {
			refusal = rule(p, i)
		}
		if refusal != nil {
			return refusal
		}
		return ok(i.view())
	})
}

func (m *machine) getImport(t *rapid.T) {
	m.callWithImport(t, "GET", "", func(*principal, *userImport) *expected { return nil })
}

func (m *machine) addImportRows(t *rapid.T) {
	id := m.drawImport(t)
	rows := rapid.SliceOfN(rapid.Custom(drawImportRow), 1, 3).Draw(t, "rows")
	first := 1
	if i := m.model.imports[id]; i != nil {
		first = i.rowCount + 1 - rapid.IntRange(0, min(i.rowCount, 2)).Draw(t, "rows once more")
	}
	if rarely(t, "a gap", 10) {
		first++
	}
	body := object{"first": first, "users": rows}
	m.call(t, "POST", pathOf("imports/%d/rows", id), body, func(p *principal, got answer) *expected {
		i, refusal := p.ownImport(id)
		switch {
		case refusal != nil:
			return refusal
		case i.state != "open":
			return conflict("IMPORT_STATE")
		case first > i.rowCount+1:
			return invalid("/first")
		}
		rows := rows[min(i.rowCount+1-first, len(rows)):]
		faults := []object{}
		if len(rows) > 0 {
			faults = p.addRows(i, rows, m.newUsers(t, len(rows)))
		}
		for n := range faults { // the model doesn't predict the texts of faults
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

// addRows adds rows and the ids of their users to an import and returns the faults of the rows. A fault undoes the
// whole import, unless the import is a dry run.
func (p *principal) addRows(i *userImport, rows []object, ids []int64) []object {
	faults := []object{}
	for n, row := range rows {
		for _, field := range p.rowFaults(i, rows[:n], row) {
			faults = append(faults, object{"row": i.rowCount + 1 + n, "path": "/" + field})
		}
	}
	i.touched = p.now
	i.faults += len(faults)
	if len(faults) > 0 && !i.dryRun {
		p.undo(i)
		return faults
	}
	for n, row := range rows {
		added := &importRow{address: row["email"].(string), activate: row["active"] == true}
		if !i.dryRun {
			password, _ := row["password"].(string)
			u := &user{
				id: p.uniqueID("user", ids[n]), name: row["name"].(string), email: added.address, password: password,
				roles: p.defaultRoles(),
			}
			p.users[u.id] = u
			p.record("user.create", "user", u.id, u.email)
			added.user = u.id
		}
		i.rows = append(i.rows, added)
	}
	i.rowCount += len(rows)
	return faults
}

// rowFaults returns the invalid fields of a row. earlier holds the earlier rows of the same request.
func (p *principal) rowFaults(i *userImport, earlier []object, row object) (fields []string) {
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
	inRequest := slices.ContainsFunc(earlier, func(other object) bool {
		return sameAddress(other["email"].(string), address)
	})
	inImport := slices.ContainsFunc(i.rows, func(other *importRow) bool { return sameAddress(other.address, address) })
	if wellFormed(address) && (inRequest || inImport || p.taken(address, nil)) {
		fields = append(fields, "email")
	}
	return fields
}

func (m *machine) undoImport(t *rapid.T) {
	m.callWithImport(t, "DELETE", "", func(p *principal, i *userImport) *expected {
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

// releaseFromImports removes a user from all imports. It is called when an administrator changes the user's access.
// Finishing or undoing an import then no longer affects this user.
func (m *model) releaseFromImports(userID int64) {
	for _, i := range m.imports {
		for _, row := range i.rows {
			if row.user == userID {
				row.user = 0
			}
		}
	}
}

// undo deletes the users of an import who are still inactive, and marks the import as undone.
func (p *principal) undo(i *userImport) {
	for _, row := range i.rows {
		if u := p.users[row.user]; u != nil && !u.active {
			p.record("user.delete", "user", u.id, u.email)
			p.removeUser(u)
		}
	}
	i.state, i.finished, i.rows = "undone", i.touched, nil
	p.record("import.undo", "import", i.id, "")
}

func (m *machine) finishImport(t *rapid.T) {
	m.callWithImport(t, "POST", "/finish", func(p *principal, i *userImport) *expected {
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

// finish activates the users of an import and sends an invitation to users without a password. If the roles of a user
// are no longer the default ones, the caller must have all permissions of these roles; otherwise finish skips the user.
func (p *principal) finish(i *userImport, mails func(int) []int64) {
	var invited []*message
	for _, row := range i.rows {
		u := p.users[row.user]
		if u == nil || !row.activate {
			continue
		}
		if !slices.Equal(u.roles, p.defaultRoles()) && p.covers(p.permissionsOf(u.roles)) != nil {
			continue
		}
		if !u.active {
			u.active = true
			p.record("user.update", "user", u.id, u.email)
		}
		if u.password == "" {
			invited = append(invited, p.sendInvitation(u))
			p.record("user.invite", "user", u.id, u.email)
		}
	}
	for n, id := range mails(len(invited)) {
		invited[n].id = p.uniqueID("message", id)
	}
	i.state, i.finished, i.rows = "finished", i.touched, nil
	p.record("import.finish", "import", i.id, "")
}

// sweepImports undoes open imports that were not used for a week. It deletes finished and undone imports that were not
// used for a month.
func (m *model) sweepImports() {
	for _, i := range sorted(m.imports) {
		if i.state == "open" && i.touched.Before(m.now.Add(-7*day)) {
			touched := i.touched // unlike a request, the sweep is not a use of the import
			(&principal{model: m, user: &user{}, credential: &credential{kind: "none"}}).undo(i)
			i.touched = touched
		}
	}
	for id, i := range m.imports {
		if i.state != "open" && i.touched.Before(m.now.Add(-month)) {
			delete(m.imports, id)
		}
	}
}

// newUsers returns the ids of the n newest users in ascending order. It reads them from the store, because the answer
// to adding rows doesn't have them.
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

// newMails returns the ids of the n newest mail messages in ascending order, from the store.
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
