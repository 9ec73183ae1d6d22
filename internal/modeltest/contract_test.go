package modeltest_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/api"
)

// operations maps the id of an operation in the contract to the function that runs it as a step of a sequence.
var operations = map[string]func(*machine, *rapid.T){
	"apiAboutGet":                           (*machine).about,
	"apiActivityLogExportGet":               (*machine).exportActivity,
	"apiActivityLogGet":                     (*machine).listActivity,
	"apiApiKeyGet":                          (*machine).readContractKey,
	"apiApiKeyPost":                         (*machine).renewContractKey,
	"apiApplicationSettingsGet":             get("application-settings"),
	"apiApplicationSettingsPatch":           (*machine).changeApplicationSettings,
	"apiApplicationSettingsTestMessagePost": (*machine).testMessage,
	"apiImportsIdDelete":                    (*machine).undoImport,
	"apiImportsIdFinishPost":                (*machine).finishImport,
	"apiImportsIdGet":                       (*machine).getImport,
	"apiImportsIdRowsPost":                  (*machine).addImportRows,
	"apiImportsPost":                        (*machine).beginImport,
	"apiKeysGet":                            (*machine).listKeys,
	"apiKeysDelete":                         (*machine).revokeKeys,
	"apiKeysIdDelete":                       (*machine).endKey,
	"apiKeysPost":                           (*machine).createKey,
	"apiLdapConfigurationGet":               get("ldap-configuration"),
	"apiLdapConfigurationPatch":             (*machine).changeLDAP,
	"apiLockoutPolicyGet":                   get("lockout-policy"),
	"apiLockoutPolicyPatch":                 (*machine).changeLockoutPolicy,
	"apiLoginPost":                          (*machine).signIn,
	"apiLogoutPost":                         (*machine).signOut,
	"apiMailGet":                            (*machine).listMail,
	"apiMailIdGet":                          (*machine).getMail,
	"apiPreferencesGet":                     (*machine).getPreferences,
	"apiPreferencesPatch":                   (*machine).changePreferences,
	"apiRolesFromFromIdPost":                (*machine).copyRole,
	"apiRolesGet":                           (*machine).listRoles,
	"apiRolesIdDelete":                      (*machine).deleteRole,
	"apiRolesIdGet":                         (*machine).getRole,
	"apiRolesIdPatch":                       (*machine).updateRole,
	"apiRolesIdPermissionsPut":              (*machine).setPermissions,
	"apiRolesPost":                          (*machine).createRoles,
	"apiRolesUserCreationDefaultsGet":       (*machine).listDefaultRoles,
	"apiSamlConfigurationGet":               get("saml-configuration"),
	"apiSamlConfigurationPatch":             (*machine).changeSAML,
	"apiServerSettingsGet":                  get("server-settings"),
	"apiServerSettingsPatch":                (*machine).changeServerSettings,
	"apiSessionsDelete":                     (*machine).endAllSessions,
	"apiSessionsGet":                        (*machine).listSessions,
	"apiSessionsIdDelete":                   (*machine).endSession,
	"apiUsersForgottenPasswordPost":         (*machine).forgetPassword,
	"apiUsersGet":                           (*machine).listUsers,
	"apiUsersIdDelete":                      (*machine).deleteUser,
	"apiUsersIdGet":                         (*machine).getUser,
	"apiUsersIdInvitationPost":              (*machine).invite,
	"apiUsersIdPatch":                       (*machine).updateUser,
	"apiUsersIdRolesPut":                    (*machine).setUserRoles,
	"apiUsersPasswordPatch":                 (*machine).changePassword,
	"apiUsersPost":                          (*machine).createUsers,
	"apiUsersRetrievePasswordPost":          (*machine).retrievePassword,
	"apiUsersWhoamiGet":                     (*machine).whoami,
}

// excludedOperations maps the id of each operation that the test never runs to the reason.
var excludedOperations = map[string]string{
	"apiSamlConfigurationGenerateCertificateGet": "generating an RSA key takes longer than the rest of a sequence",
}

// TestEveryOperationIsPlayed checks that each operation is in operations or in excludedOperations.
func TestEveryOperationIsPlayed(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	present := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			present[op.OperationID] = true
			_, played := operations[op.OperationID]
			if reason := excludedOperations[op.OperationID]; played == (reason != "") {
				t.Errorf("%s %s (%s) must be in operations, or in excludedOperations with a reason",
					method, path, op.OperationID)
			}
		}
	}
	for id := range operations {
		if !present[id] {
			t.Errorf("the contract has no %s", id)
		}
	}
	for id := range excludedOperations {
		if !present[id] {
			t.Errorf("the contract has no %s", id)
		}
	}
}
