package httpapi

import (
	"fmt"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// smallBody is the largest size in bytes of a body that is read before the caller's permission is checked.
const smallBody = 64 << 10

// largeBodies lists the operations that accept a body of more than smallBody bytes. Each function fails if the caller
// may not use the operation, as the rule of the operation would. The rule checks the permission again, in the
// transaction of the change.
var largeBodies = map[string]func(caller *account.Principal, r *http.Request) error{
	"apiUsersPost":         mayCreateUsers,
	"apiImportsIdRowsPost": mayCreateUsers,
	"apiUsersIdPatch":      mayEditUser, // with a picture
}

func mayCreateUsers(caller *account.Principal, _ *http.Request) error {
	return account.Allow(caller, access.ActionCreate, access.EntityUser, access.All)
}

func mayEditUser(caller *account.Principal, r *http.Request) error {
	id, err := parseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	return account.Allow(caller, access.ActionEdit, access.EntityUser, id)
}

// mayExceed returns the function of largeBodies for an operation with a body limit, or nil. It panics if the limit
// needs such a function and there is none.
func mayExceed(operation string, limit int64) func(*account.Principal, *http.Request) error {
	check := largeBodies[operation]
	if check == nil && limit > smallBody {
		panic(fmt.Sprintf("httpapi: %s accepts %d bytes and is not in largeBodies", operation, limit))
	}
	return check
}

// readBody reads and checks the body of a request. If the caller may not use the operation, it reads at most smallBody
// bytes. For a larger body, it then fails with the reason.
func (t *route) readBody(w http.ResponseWriter, r *http.Request, caller *account.Principal) ([]byte, error) {
	if t.mayExceed == nil {
		return t.op.ReadBody(w, r, t.op.BodyLimit)
	}
	denied := t.mayExceed(caller, r)
	if denied == nil {
		return t.op.ReadBody(w, r, t.op.BodyLimit)
	}
	body, err := t.op.ReadBody(w, r, smallBody)
	if account.ErrorCode(err) == account.CodeTooLarge {
		return nil, denied
	}
	return body, err
}
