package console

import "github.com/seed-3a99a2fe/usher/internal/account"

// activityPhrase says in words what was done.
func (q *request) activityPhrase(a account.Action) string { return string(a) }
