package console

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

const (
	usersPath = "/users"
	usersPage = 50 // users that a page lists, and that can be changed at once
)

var readUsers = permission{access.ActionRead, access.EntityUser}

var userListRoutes = []route{
	{pattern: "GET " + usersPath, page: (*request).showUsers, may: readUsers},
	{pattern: "GET " + usersPath + "/export", page: (*request).exportUsers, may: readUsers},
}

// userListPage is what templates/users.html shows.
type userListPage struct {
	Rows      []userRow
	Columns   []column // to order by, and the same as a list to choose from
	Orders    []option
	Filter    userListFilter
	Filtered  bool
	Roles     []account.RoleSummary // to filter by
	Given     []account.RoleSummary // that the caller may give and take
	Providers []option
	Actions   []option // that several users can be chosen for; none: no boxes
	MayCreate bool
	Back      string // this page
	Reset     string // without filters
	First     string // the first page; "": this one is
	Next      string // "" after the last
	CSV, JSON string // the export of what is listed
}

// userRow is a user in a list.
type userRow struct {
	ID     int64
	Name   string
	Avatar avatar
	Email  string
	Roles  []string
	States []badge
}

// badge is a word with a colour.
type badge struct {
	Kind string // of the style sheet; "" is plain
	Text string // in the reader's language
}

// column is the heading of a column that the list can be sorted by.
type column struct {
	Label locale.Phrase
	Link  string
	Sort  string // of aria-sort; "": by another column
}

// userListFilter is what the list was asked for, as it stands in its address.
type userListFilter struct {
	Search, Role, Active, Locked, Provider, Sort string
}

func (q *request) userListFilter() userListFilter {
	v := q.URL.Query()
	f := userListFilter{
		strings.TrimSpace(v.Get("search")), v.Get("role"), v.Get("active"), v.Get("locked"), v.Get("provider"), v.Get("sort"),
	}
	if f.Sort == "" {
		f.Sort = string(account.SortByName)
	}
	return f
}

// read returns the filter as the rules know it.
func (f userListFilter) read() (account.UserFilter, account.UserSort, error) {
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
	filter.Active, errs[1] = yesOrNo(f.Active)
	filter.Locked, errs[2] = yesOrNo(f.Locked)
	if f.Provider != "" {
		filter.Provider = (*account.Provider)(&f.Provider)
	}
	if errors.Join(errs[:]...) != nil || filter.Provider != nil && providerName(*filter.Provider) == "" {
		return filter, "", account.Invalid()
	}
	return filter, account.UserSort(f.Sort), nil
}

// yesOrNo reads a filter that has three values.
func yesOrNo(text string) (*bool, error) {
	if text == "" {
		return nil, nil
	}
	v, err := strconv.ParseBool(text)
	return &v, err
}

// values is the filter as a query, without what it does not ask for.
func (f userListFilter) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"search": f.Search, "role": f.Role, "active": f.Active, "locked": f.Locked, "provider": f.Provider, "sort": f.Sort,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// link is the address of a page of the list with this filter, and with more.
func (f userListFilter) link(path string, more ...string) string {
	v := f.values()
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return path + "?" + v.Encode()
}

// userProviders are those by which people sign in.
var userProviders = []struct {
	id   account.Provider
	name string
}{
	{account.ProviderLocal, "Usher"}, {account.ProviderLDAP, "LDAP"}, {account.ProviderSAML, "SAML"}, {account.ProviderTone, "Tenable One"},
}

// providerName is the name of a provider, or "" for one that there is not.
func providerName(id account.Provider) string {
	for _, p := range userProviders {
		if p.id == id {
			return p.name
		}
	}
	return ""
}

func (q *request) showUsers() error {
	f := q.userListFilter()
	filter, sort, err := f.read()
	if err != nil {
		return err
	}
	cursor := q.URL.Query().Get("cursor")
	found, err := q.accounts.FindUsers(q.Context(), q.caller, filter, sort, cursor, usersPage)
	if err != nil {
		return err
	}
	roles, err := q.roles()
	if err != nil {
		return err
	}
	bare := userListFilter{Sort: f.Sort}
	page := userListPage{
		Columns: f.columns(), Filter: f, Filtered: f != bare, Roles: roles, Actions: q.userActions(),
		MayCreate: q.may(createUsers.action, createUsers.entity), Back: q.URL.RequestURI(), Reset: bare.link(usersPath),
		CSV: f.link(usersPath+"/export", "format", "csv"), JSON: f.link(usersPath+"/export", "format", "json"),
	}
	for _, o := range orders {
		page.Orders = append(page.Orders, option{Value: string(o.sort), Text: q.say(o.text), Selected: f.Sort == string(o.sort)})
	}
	notGiven, err := q.notGiven(roles)
	if err != nil {
		return err
	}
	if id := filter.RoleID; id != nil && !slices.ContainsFunc(roles, func(r account.RoleSummary) bool { return r.ID == *id }) {
		page.Roles = append(slices.Clip(roles), account.RoleSummary{ID: *id, Name: q.say(roleNumber, strconv.FormatInt(*id, 10))})
	}
	for _, r := range roles {
		if notGiven[r.ID] == "" {
			page.Given = append(page.Given, r)
		}
	}
	for _, p := range userProviders {
		page.Providers = append(page.Providers, option{Value: string(p.id), Text: p.name, Selected: f.Provider == string(p.id)})
	}
	if cursor != "" {
		page.First = f.link(usersPath)
	}
	if found.Next != "" {
		page.Next = f.link(usersPath, "cursor", found.Next)
	}
	for _, u := range found.Users {
		page.Rows = append(page.Rows, userRow{u.ID, fullName(u), avatarOf(u, userPath(u.ID)+"/picture"), u.Email, roleNames(u, roles), q.states(u)})
	}
	return q.show("users.html", "Users", page)
}

// orders are the orders of the list.
var orders = []struct {
	sort account.UserSort
	text locale.Phrase
}{
	{account.SortByName, "Name, A first"}, {account.SortByNameDown, "Name, Z first"},
	{account.SortByEmail, "E-mail, A first"}, {account.SortByEmailDown, "E-mail, Z first"},
	{account.SortByID, "Number, oldest first"}, {account.SortByIDDown, "Number, newest first"},
}

// columns are the headings that the list can be sorted by: up, and down when it is
// sorted up already.
func (f userListFilter) columns() []column {
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

// userActions are what the caller may do with several users.
func (q *request) userActions() (actions []option) {
	for _, a := range severalActions {
		if q.may(a.may, access.EntityUser) && (!a.role || q.may(access.ActionAssign, access.EntityRole)) {
			actions = append(actions, option{Value: a.name, Text: q.say(a.label)})
		}
	}
	return actions
}

// states are what the lists tell of a user's state.
func (q *request) states(u account.User) []badge {
	badges := []badge{{"done", q.say("active")}}
	if !u.Active {
		badges[0] = badge{"", q.say("inactive")}
	}
	if u.LockedOut {
		badges = append(badges, badge{"warning", q.say("locked")})
	}
	if u.NeedPasswordReset {
		badges = append(badges, badge{"warning", q.say("must change password")})
	}
	if u.Provider != account.ProviderLocal {
		badges = append(badges, badge{"", providerName(u.Provider)})
	}
	return badges
}

// fullName is how a user is called, in one line.
func fullName(u account.User) string {
	name := u.Name
	if u.Surname != nil {
		name += " " + *u.Surname
	}
	return strings.Join(strings.Fields(name), " ")
}

// maxListedRoles is how many roles a page offers to choose from.
const maxListedRoles = 500

// roles are the roles that the caller may read, by id; the first 500 of them.
func (q *request) roles() ([]account.RoleSummary, error) {
	if !q.may(access.ActionRead, access.EntityRole) {
		return nil, nil
	}
	var roles []account.RoleSummary
	err := q.eachRole(0, func(r account.RoleSummary) error {
		if len(roles) == maxListedRoles {
			return errEnough
		}
		roles = append(roles, r)
		return nil
	})
	return roles, err
}

// roleNames are the roles of a user as they are shown: one that the caller may not
// read by its number.
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

// notGiven says of each role that the caller may neither give nor take why that is so.
func (q *request) notGiven(roles []account.RoleSummary) (map[int64]locale.Phrase, error) {
	why := map[int64]locale.Phrase{}
	var assigned []int64
	for _, r := range roles {
		if account.Allow(q.caller, access.ActionAssign, access.EntityRole, r.ID) == nil {
			assigned = append(assigned, r.ID)
		} else {
			why[r.ID] = "You may not give or take this role."
		}
	}
	if assigned == nil {
		return why, nil
	}
	covered, err := q.accounts.CoveredRoles(q.Context(), q.caller, assigned)
	for _, id := range assigned {
		if !covered[id] {
			why[id] = "It has permissions that you do not have."
		}
	}
	return why, err
}
