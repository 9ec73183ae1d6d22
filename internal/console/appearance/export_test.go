package appearance

import "github.com/seed-3a99a2fe/usher/internal/account"

// HasActionPhrase reports whether an action of the activity log has a phrase.
func HasActionPhrase(action account.Action) bool { return activityPhrases[action] != "" }
