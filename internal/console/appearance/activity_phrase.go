package appearance

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// activityPhrases maps each action of the activity log to a phrase, such as "Made a user". A page
// shows the phrase after the name of the actor, or alone where the actor is obvious.
var activityPhrases = map[account.Action]locale.Phrase{
	account.ActionUserCreate:      "Made a user",
	account.ActionUserUpdate:      "Changed a user",
	account.ActionUserRoles:       "Changed the roles of a user",
	account.ActionUserDelete:      "Deleted a user",
	account.ActionUserInvite:      "Invited a user",
	account.ActionPasswordChange:  "Changed the password",
	account.ActionPasswordReset:   "Set the password of a user",
	account.ActionPasswordRecover: "Chose a password by a link from a message",

	account.ActionSignIn:       "Signed in",
	account.ActionSignInFailed: "Was refused: wrong password",
	account.ActionSessionEnd:   "Signed out, or ended sessions",

	account.ActionReadRefused: "Was refused to read without the permission",

	account.ActionKeyCreate: "Made an API key",
	account.ActionKeyRead:   "Had the key of the contract shown",
	account.ActionKeyEnd:    "Ended an API key",

	account.ActionRoleCreate:      "Made a role",
	account.ActionRoleUpdate:      "Changed a role",
	account.ActionRolePermissions: "Changed the permissions of a role",
	account.ActionRoleDelete:      "Deleted a role",

	account.ActionPreferencesUpdate: "Changed preferences",
	account.ActionSettingsUpdate:    "Changed settings",
	account.ActionSettingsTest:      "Sent a test message",
	account.ActionSettingsRenew:     "Renewed a certificate",

	account.ActionServerKeyRotate: "Began to replace the server key",
	account.ActionServerKeyRetire: "Retired the former server key",

	account.ActionImportBegin:  "Began an import",
	account.ActionImportFinish: "Finished an import",
	account.ActionImportUndo:   "Undid an import",
}
