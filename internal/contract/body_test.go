package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// decoders maps the id of an operation to a function that decodes a body as the generated handler of the operation
// does. The handlers run after ReadBody.
var decoders = map[string]func([]byte) error{
	"apiLoginPost":                  decodeTo[wire.LoginRequest],
	"apiUsersPost":                  decodeTo[[]wire.NewUser],
	"apiUsersIdPatch":               decodeTo[wire.UserUpdate],
	"apiUsersIdRolesPut":            decodeTo[wire.UserRolesUpdate],
	"apiUsersPasswordPatch":         decodeTo[wire.PasswordChange],
	"apiUsersForgottenPasswordPost": decodeTo[wire.ForgottenPasswordRequest],
	"apiUsersRetrievePasswordPost":  decodeTo[wire.RetrievePasswordRequest],
	"apiImportsPost":                decodeTo[wire.NewImport],
	"apiImportsIdRowsPost":          decodeTo[wire.ImportRows],
	"apiRolesPost":                  decodeTo[[]wire.NewRole],
	"apiRolesIdPatch":               decodeTo[wire.RoleUpdate],
	"apiRolesFromFromIdPost":        decodeTo[wire.RoleCopy],
	"apiRolesIdPermissionsPut":      decodeTo[[]wire.PermissionInput],
	"apiKeysPost":                   decodeTo[wire.NewKey],
	"apiPreferencesPatch":           decodeTo[wire.PreferencesUpdate],
	"apiLockoutPolicyPatch":         decodeTo[wire.LockoutPolicyUpdate],
	"apiApplicationSettingsPatch":   decodeTo[wire.ApplicationSettingsUpdate],
	"apiServerSettingsPatch":        decodeTo[wire.ServerSettingsUpdate],
	"apiLdapConfigurationPatch":     decodeTo[wire.LDAPConfigurationUpdate],
	"apiSamlConfigurationPatch":     decodeTo[wire.SAMLConfigurationUpdate],
}

func decodeTo[T any](body []byte) error {
	var value T
	return json.Unmarshal(body, &value)
}

// FuzzBody sends arbitrary bodies to ReadBody. If ReadBody accepts a body, openapi3 must find the body valid and its
// decoder must succeed. If ReadBody refuses a body, the error must have one of refusalCodes and must not repeat a value
// of the body.
func FuzzBody(f *testing.F) {
	operations, err := Read()
	if err != nil {
		f.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		f.Fatal(err)
	}
	byID := map[string]*Operation{}
	for key, op := range operations {
		if op.body == nil {
			continue
		}
		byID[op.ID] = op
		if decoders[op.ID] == nil {
			f.Errorf("no decoder for %s", op.ID)
		}
		method, path, _ := strings.Cut(key, " ")
		described := doc.Paths.Value(path).GetOperation(method).RequestBody.Value
		example, err := json.Marshal(described.Content["application/json"].Example)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(op.ID, example)
	}
	for _, body := range []string{
		"", "null", "{}", "[]", `[{}]`, `{"email":"\ud800"}`, `{"roles":[1e400,1.0,-0]}`, `{"a":{"b":1,"b":2}}`, "\xff",
		`{"picture":[1,null,256]}`,
	} {
		f.Add("apiUsersIdPatch", []byte(body))
	}
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		op := byID[id]
		if op == nil {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		got, err := op.ReadBody(httptest.NewRecorder(), r, op.BodyLimit)
		if err == nil {
			var value any
			if !bytes.Equal(got, body) || json.Unmarshal(body, &value) != nil ||
				op.body.VisitJSON(value, openapi3.VisitAsRequest()) != nil {
				t.Fatal("ReadBody accepts a body that violates the contract")
			}
			if err := decoders[id](got); err != nil {
				t.Fatalf("ReadBody accepts a body that cannot be decoded: %v", err)
			}
			return
		}
		e, ok := errors.AsType[*account.Error](err)
		if !ok || !slices.Contains(refusalCodes, e.Code) || len(e.Details) > maxDetails {
			t.Fatalf("the error is %#v", err)
		}
		for _, d := range e.Details {
			if len(d.Path) > maxPath || !utf8.ValidString(d.Path) {
				t.Errorf("the path is %q", d.Path)
			}
			for _, value := range stringValues(body) {
				if strings.Contains(d.Message, value) {
					t.Errorf("the message %q repeats the value %q", d.Message, value)
				}
			}
		}
	})
}

// refusalCodes are the codes that an error of ReadBody can have. Their HTTP statuses are 400, 413 and 415, in this
// order.
var refusalCodes = []account.Code{account.CodeInvalid, account.CodeTooLarge, CodeUnsupportedMedia}

// stringValues returns the strings in a body, except those that an error message could contain by chance.
func stringValues(body []byte) (found []string) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return found
		}
		if s, ok := token.(string); ok && len(s) >= 8 && strings.ContainsAny(s, "0123456789@") {
			found = append(found, s)
		}
	}
}
