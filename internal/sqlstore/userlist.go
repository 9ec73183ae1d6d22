package sqlstore

import (
	"context"
	"os"
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

func (r reader) FindUsers(ctx context.Context, q account.UserQuery) ([]account.User, error) {
	statement, args := userPage(r.dialect, q)
	return allOnce(ctx, r.queries, scanUser, statement, args...)
}

// userPage writes the statement of a page of users.
func userPage(d *dialect, q account.UserQuery) (statement string, args []any) {
	where := conditions{args: []any{micros(q.Now)}} // $1 is that of selectUser
	if !q.All {
		where.add("u.id IN " + d.idList(where.bind(d.ids(q.IDs))))
	}
	order := userOrders[q.Sort]
	if q.After != nil {
		where.add(os.Expand(order.after, func(name string) string {
			if name == "KEY" {
				return where.bind(q.After.Key)
			}
			return where.bind(q.After.ID)
		}))
	}
	if id := q.Filter.RoleID; id != nil {
		where.add("u.id IN (SELECT user_id FROM user_roles WHERE role_id = ?)", *id)
	}
	if active := q.Filter.Active; active != nil {
		if *active {
			where.add("u.active")
		} else {
			where.add("NOT u.active") // as the indexes have it
		}
	}
	switch locked := q.Filter.Locked; {
	case locked == nil:
	case *locked: // from the locks to the users: most have none
		where.add("u.id IN (SELECT " + lockOwner + " FROM sign_in_throttle t WHERE " + isLock + ")")
	default:
		where.add("NOT" + lockedOut)
	}
	if provider := q.Filter.Provider; provider != nil {
		where.add("u.provider = ?", string(*provider))
	}
	for _, word := range q.Words {
		where.add(`u.search_text LIKE ? ESCAPE '\'`, "%"+likeText.Replace(word)+"%")
	}
	return selectUser + where.text + " ORDER BY " + order.by + " LIMIT " + where.bind(q.Limit), where.args
}
