package sqlstore

import (
	"context"
	"os"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// userOrder is how a list is sorted, and what stands behind a place in it. Each is
// the order of an index. Texts are compared byte by byte.
type userOrder struct{ by, after string }

var userOrders = map[account.UserSort]userOrder{
	account.SortByID:        {"u.id", "u.id > $ID"},
	account.SortByIDDown:    {"u.id DESC", "u.id < $ID"},
	account.SortByName:      {"u.sort_name, u.id", "(u.sort_name, u.id) > ($KEY, $ID)"},
	account.SortByNameDown:  {"u.sort_name DESC, u.id DESC", "(u.sort_name, u.id) < ($KEY, $ID)"},
	account.SortByEmail:     {"u.email_key", "u.email_key > $KEY"},
	account.SortByEmailDown: {"u.email_key DESC", "u.email_key < $KEY"},
}

// likeText takes the meaning of their own from the characters of a LIKE pattern.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// userPage writes the statement of a page of users.
type userPage struct {
	where []string
	args  []any
}

// bind adds a value and returns its placeholder.
func (p *userPage) bind(value any) string {
	p.args = append(p.args, value)
	return "$" + strconv.Itoa(len(p.args))
}

func (p *userPage) add(condition string) { p.where = append(p.where, condition) }

func newUserPage(d *dialect, q account.UserQuery) (statement string, args []any) {
	p := &userPage{args: []any{micros(q.Now)}} // $1 is that of selectUser
	if !q.All {
		p.add("u.id IN " + d.idList(p.bind(jsonIDs(q.IDs))))
	}
	order := userOrders[q.Sort]
	if q.After != nil {
		p.add(os.Expand(order.after, func(name string) string {
			if name == "KEY" {
				return p.bind(q.After.Key)
			}
			return p.bind(q.After.ID)
		}))
	}
	p.filter(q.Filter)
	for _, word := range q.Words {
		p.add(`u.search_text LIKE ` + p.bind("%"+likeText.Replace(word)+"%") + ` ESCAPE '\'`)
	}
	if len(p.where) > 0 {
		statement = " WHERE " + strings.Join(p.where, " AND ")
	}
	return selectUser + statement + " ORDER BY " + order.by + " LIMIT " + p.bind(q.Limit), p.args
}

func (p *userPage) filter(f account.UserFilter) {
	if f.RoleID != nil {
		p.add("u.id IN (SELECT user_id FROM user_roles WHERE role_id = " + p.bind(*f.RoleID) + ")")
	}
	if f.Active != nil {
		p.add("u.active = " + p.bind(*f.Active))
	}
	if f.Locked != nil {
		p.add(lockedOut + " = " + p.bind(*f.Locked))
	}
	if f.Provider != nil {
		p.add("u.provider = " + p.bind(string(*f.Provider)))
	}
}

func (r reader) FindUsers(ctx context.Context, q account.UserQuery) ([]account.User, error) {
	statement, args := newUserPage(r.dialect, q)
	return allOnce(ctx, r.queries, scanUser, statement, args...)
}
