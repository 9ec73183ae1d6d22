package users

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// maxPage is the number of users on one page of the list. A bulk action changes at most as many.
const maxPage = 50

// listPage is the data of templates/users.html.
type listPage struct {
	Rows      []userRow
	Columns   []column // headings that sort the list; Orders offers the same in a select
	Orders    []page.Option
	Filter    listFilter
	Filtered  bool
	Roles     []account.RoleSummary // roles to filter by
	Given     []account.RoleSummary // roles that the caller may give and take
	Providers []page.Option
	Actions   []page.Option // bulk actions; if there are none, the list has no checkboxes
	MayCreate bool
	Back      string // path of this page, to return to
	Reset     string // path of the list without filters
	First     string // path of the first page; "" on the first page
	Next      string // path of the next page; "" on the last page
	CSV, JSON string // paths of the exports with the same filter
}

// userRow is a user as a list shows them.
type userRow struct {
	ID     int64
	Name   string
	Avatar page.Avatar
	Email  string
	Roles  []string
	States []badge
}

// newUserRow returns the row of a user. roles are the roles that the caller may read; see
// roleNames.
func newUserRow(q *page.Request, u account.User, roles []account.RoleSummary) userRow {
	return userRow{
		ID: u.ID, Name: fullName(u), Avatar: page.AvatarOf(u, userPath(u.ID)+"/picture"), Email: u.Email,
		Roles: roleNames(u, roles), States: states(q, u),
	}
}

// badge is a word on a coloured background.
type badge struct {
	Kind string // CSS class; "": plain
	Text string // translated
}

// column is a column heading. Clicking it sorts the list.
type column struct {
	Label locale.Phrase
	Link  string
	Sort  string // value of aria-sort; "" if the list is sorted by another column
}

// listFilter is the filter and the sort order in the query of the list.
type listFilter struct {
	Search, Role, Active, Locked, Provider, Sort string
}

// readFilter reads the filter in the query of a request.
func readFilter(q *page.Request) listFilter {
	v := q.URL.Query()
	f := listFilter{
		Search: strings.TrimSpace(v.Get("search")), Role: v.Get("role"),
		Active: v.Get("active"), Locked: v.Get("locked"), Provider: v.Get("provider"), Sort: v.Get("sort"),
	}
	if f.Sort == "" {
		f.Sort = string(account.SortByName)
	}
	return f
}

// parse converts the filter to the types of package account. It fails if a value is invalid.
func (f listFilter) parse() (account.UserFilter, account.UserSort, error) {
	var filter account.UserFilter
	if f.Search != "" {
		filter.Search = &f.Search
	}
	var role int64
	var errs [3]error
	if f.Role != "" {
		role, errs[0] = strconv.ParseInt(f.Role, 10, 64)
		filter.RoleID = &role
	}
	filter.Active, errs[1] = parseOptionalBool(f.Active)
	filter.Locked, errs[2] = parseOptionalBool(f.Locked)
	if f.Provider != "" {
		filter.Provider = (*account.Provider)(&f.Provider)
	}
	if errors.Join(errs[:]...) != nil || filter.Provider != nil && providerName(*filter.Provider) == "" {
		return filter, "", account.Invalid()
	}
	return filter, account.UserSort(f.Sort), nil
}

// parseOptionalBool parses a boolean. It returns nil for "".
func parseOptionalBool(text string) (*bool, error) {
	if text == "" {
		return nil, nil
	}
	v, err := strconv.ParseBool(text)
	return &v, err
}

// values returns the filter as query parameters. It omits empty values.
func (f listFilter) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"search": f.Search, "role": f.Role, "active": f.Active,
		"locked": f.Locked, "provider": f.Provider, "sort": f.Sort,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// link returns path with the filter as its query. more alternates names and values of further
// parameters.
func (f listFilter) link(path string, more ...string) string {
	v := f.values()
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return path + "?" + v.Encode()
}

// providers lists the identity providers with their names.
var providers = []struct {
	id   account.Provider
	name string
}{
	{account.ProviderLocal, "Usher"},
	{account.ProviderLDAP, "LDAP"},
	{account.ProviderSAML, "SAML"},
	{account.ProviderTone, "Tenable One"},
}

// providerName returns the name of an identity provider, or "" if id is unknown.
func providerName(id account.Provider) string {
	for _, p := range providers {
		if p.id == id {
			return p.name
		}
	}
	return ""
}

func (h *handler) showUsers(q *page.Request) error {
	f := readFilter(q)
	filter, sort, err := f.parse()
	if err != nil {
		return err
	}
	cursor := q.URL.Query().Get("cursor")
	found, err := h.service.FindUsers(q.Context(), q.Caller, filter, sort, cursor, maxPage)
	if err != nil {
		return err
	}
	roles, err := h.listRoles(q)
	if err != nil {
		return err
	}
	bare := listFilter{Sort: f.Sort}
	view := listPage{
		Columns: f.columns(), Filter: f, Filtered: f != bare, Roles: roles, Actions: listActions(q),
		MayCreate: q.May(createUsers.Action, createUsers.Entity), Back: q.URL.RequestURI(), Reset: bare.link(usersPath),
		CSV: f.link(usersPath+"/export", "format", "csv"), JSON: f.link(usersPath+"/export", "format", "json"),
	}
	for _, o := range orders {
		view.Orders = append(view.Orders, page.Option{
			Value: string(o.sort), Text: q.Tr(o.text), Selected: f.Sort == string(o.sort),
		})
	}
	unassignable, err := h.unassignable(q, roles)
	if err != nil {
		return err
	}
	if id := filter.RoleID; id != nil && !hasRole(roles, *id) {
		unlisted := account.RoleSummary{ID: *id, Name: q.Tr(page.RoleNumber, strconv.FormatInt(*id, 10))}
		view.Roles = append(slices.Clip(roles), unlisted)
	}
	for _, r := range roles {
		if unassignable[r.ID] == "" {
			view.Given = append(view.Given, r)
		}
	}
	for _, p := range providers {
		view.Providers = append(view.Providers, page.Option{
			Value: string(p.id), Text: p.name, Selected: f.Provider == string(p.id),
		})
	}
	if cursor != "" {
		view.First = f.link(usersPath)
	}
	if found.Next != "" {
		view.Next = f.link(usersPath, "cursor", found.Next)
	}
	for _, u := range found.Users {
		view.Rows = append(view.Rows, newUserRow(q, u, roles))
	}
	return q.Show("users.html", "Users", view)
}

// orders lists the sort orders that the list offers.
var orders = []struct {
	sort account.UserSort
	text locale.Phrase
}{
	{account.SortByName, "Name, A first"}, {account.SortByNameDown, "Name, Z first"},
	{account.SortByEmail, "E-mail, A first"}, {account.SortByEmailDown, "E-mail, Z first"},
	{account.SortByID, "Number, oldest first"}, {account.SortByIDDown, "Number, newest first"},
}

// columns returns the column headings with their links. A link sorts in ascending order; if the
// list already is in that order, the link sorts in descending order.
func (f listFilter) columns() []column {
	columns := []column{{Label: "Name", Link: "name"}, {Label: "E-mail", Link: "email"}, {Label: "Number", Link: "id"}}
	for i, c := range columns {
		to := f
		to.Sort = c.Link
		switch f.Sort {
		case c.Link:
			to.Sort, columns[i].Sort = "-"+c.Link, "ascending"
		case "-" + c.Link:
			columns[i].Sort = "descending"
		}
		columns[i].Link = to.link(usersPath)
	}
	return columns
}

// listActions returns the bulk actions that the caller may use.
func listActions(q *page.Request) (actions []page.Option) {
	for _, a := range bulkActions {
		if q.May(a.needs, access.EntityUser) && (!a.role || q.May(access.ActionAssign, access.EntityRole)) {
			actions = append(actions, page.Option{Value: a.name, Text: q.Tr(a.label)})
		}
	}
	return actions
}

// states returns badges for the state of a user, such as inactive or locked.
func states(q *page.Request, u account.User) []badge {
	badges := []badge{{"done", q.Tr("active")}}
	if !u.Active {
		badges[0] = badge{"", q.Tr("inactive")}
	}
	if u.LockedOut {
		badges = append(badges, badge{"warning", q.Tr("locked")})
	}
	if u.NeedPasswordReset {
		badges = append(badges, badge{"warning", q.Tr("must change password")})
	}
	if u.Provider != account.ProviderLocal {
		badges = append(badges, badge{"", providerName(u.Provider)})
	}
	return badges
}

// fullName returns the name and the surname of a user in one line.
func fullName(u account.User) string {
	name := u.Name
	if u.Surname != nil {
		name += " " + *u.Surname
	}
	return strings.Join(strings.Fields(name), " ")
}

// maxListedRoles is the number of roles that a page offers.
const maxListedRoles = 500

// listRoles returns the roles that the caller may read, at most maxListedRoles, in the order of
// ids.
func (h *handler) listRoles(q *page.Request) ([]account.RoleSummary, error) {
	if !q.May(access.ActionRead, access.EntityRole) {
		return nil, nil
	}
	roles, _, err := q.ListRoles(h.service, 0, maxListedRoles)
	return roles, err
}

// hasRole reports whether roles contains the role with this id.
func hasRole(roles []account.RoleSummary, id int64) bool {
	return slices.ContainsFunc(roles, func(r account.RoleSummary) bool { return r.ID == id })
}

// roleNames returns the names of a user's roles. roles are those that the caller may read; for any
// other role it returns the id.
func roleNames(u account.User, roles []account.RoleSummary) []string {
	names := make([]string, len(u.RoleIDs))
	for i, id := range u.RoleIDs {
		names[i] = "#" + strconv.FormatInt(id, 10)
		if at := slices.IndexFunc(roles, func(r account.RoleSummary) bool { return r.ID == id }); at >= 0 {
			names[i] = roles[at].Name
		}
	}
	return names
}

// unassignable returns the roles that the caller may neither give nor take. It maps the id of each
// to the reason.
func (h *handler) unassignable(q *page.Request, roles []account.RoleSummary) (map[int64]locale.Phrase, error) {
	reasons := map[int64]locale.Phrase{}
	var ids []int64
	for _, r := range roles {
		if q.MayOn(access.ActionAssign, access.EntityRole, r.ID) {
			ids = append(ids, r.ID)
		} else {
			reasons[r.ID] = "You may not give or take this role."
		}
	}
	if ids == nil {
		return reasons, nil
	}
	covered, err := h.service.CoveredRoles(q.Context(), q.Caller, ids)
	for _, id := range ids {
		if !covered[id] {
			reasons[id] = "It has permissions that you do not have."
		}
	}
	return reasons, err
}
