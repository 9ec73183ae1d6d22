package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

// decoders read a body that was checked, as the generated code does.
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

// FuzzBody: a body is taken or refused, never more. What is taken is valid to
// the library's own check and can be decoded; what is refused has a code of 4xx,
// and says nothing of its values.
func FuzzBody(f *testing.F) {
	operations, err := ReadContract()
	if err != nil {
		f.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		f.Fatal(err)
	}
	byID := map[string]*operation{}
	for key, op := range operations {
		if op.body == nil {
			continue
		}
		byID[op.id] = op
		if decoders[op.id] == nil {
			f.Errorf("no decoder for %s", op.id)
		}
		method, path, _ := strings.Cut(key, " ")
		example, err := json.Marshal(doc.Paths.Value(path).GetOperation(method).RequestBody.Value.Content["application/json"].Example)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(op.id, example)
	}
	for _, body := range []string{
		"", "null", "{}", "[]", `[{}]`, `{"email":"\ud800"}`, `{"roles":[1e400,1.0,-0]}`, `{"a":{"b":1,"b":2}}`, "\xff", `{"picture":[1,null,256]}`,
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
		got, err := op.readBody(httptest.NewRecorder(), r)
		if err == nil {
			var value any
			if !bytes.Equal(got, body) || json.Unmarshal(body, &value) != nil || op.body.VisitJSON(value, openapi3.VisitAsRequest()) != nil {
				t.Fatal("the body is taken, and is off the contract")
			}
			if err := decoders[id](got); err != nil {
				t.Fatalf("the body is taken, and cannot be decoded: %v", err)
			}
			return
		}
		e, ok := errors.AsType[*account.Error](err)
		if !ok || statuses[e.Code] < 400 || statuses[e.Code] > 499 || len(e.Details) > maxDetails {
			t.Fatalf("the failure is %#v", err)
		}
		for _, d := range e.Details {
			if len(d.Path) > maxPath || !utf8.ValidString(d.Path) {
				t.Errorf("the path is %q", d.Path)
			}
			for _, value := range texts(body) {
				if strings.Contains(d.Message, value) {
					t.Errorf("the message %q repeats the value %q", d.Message, value)
				}
			}
		}
	})
}

// texts returns the values of a body that are long enough to be told from our own
// words.
func texts(body []byte) (found []string) {
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

// FuzzCredential: headers have one token or none, and the failure is always the
// same.
func FuzzCredential(f *testing.F) {
	f.Add("uss_a", "", "")
	f.Add("Bearer uss_a", "", "bearer uss_a")
	f.Add("uss_a", "uss_b", "Basic x")
	f.Add("", "", "Bearer")
	f.Fuzz(func(t *testing.T, key, second, authorization string) {
		r := &http.Request{Header: http.Header{"Cookie": {"x-api-key=uss_cookie"}}}
		for name, value := range map[string]string{"X-Api-Key": key, "Authorization": authorization} {
			if value != "" {
				r.Header.Add(name, value)
			}
		}
		if second != "" {
			r.Header.Add("X-Api-Key", second)
		}
		token, err := credential(r)
		if err != nil {
			if err.Error() != noCredential().Error() || !token.Empty() {
				t.Errorf("the failure is %v", err)
			}
			return
		}
		text := token.Reveal()
		for _, given := range []string{key, second} {
			if given != "" && strings.TrimPrefix(given, bearer) != text {
				t.Errorf("%q is taken, and %q was given too", text, given)
			}
		}
		if authorization != "" && !strings.EqualFold(authorization, bearer+text) {
			t.Errorf("%q is taken, and %q was given too", text, authorization)
		}
	})
}
