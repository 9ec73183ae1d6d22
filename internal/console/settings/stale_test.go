package settings_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// TestStaleSettingsAreRefused sends forms whose pages were opened before another user saved other
// values. Each is refused, and the page shows the stored values.
func TestStaleSettingsAreRefused(t *testing.T) {
	s := consoletest.New(t)
	b, admin := s.SignedInAs(consoletest.AdminEmail), s.Principal(consoletest.AdminEmail)
	role := s.AddRoleFrom("Passing")
	consoletest.Must(s.UpdateApplicationSettings(t.Context(), admin,
		settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{2, role}}))
	groups(s, "Staff")
	for path, test := range map[string]struct {
		form   url.Values
		change func()
		now    string // what the page must show after the refusal
	}{
		"/settings": {serverForm, func() {
			consoletest.Must(s.UpdateServerSettings(t.Context(), admin,
				settings.ServerUpdate{SenderName: new("Other")}))
		}, `value="Other"`},
		"/settings/new-users": {url.Values{"defaultRoleIds": {"2", fmt.Sprint(role)}}, func() {
			consoletest.Must(s.UpdateApplicationSettings(t.Context(), admin,
				settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{2}}))
		}, fmt.Sprintf(`value="%d"> <span>Passing`, role)},
		"/settings/activity": {url.Values{"logRetentionPeriod": {"90"}}, func() {
			consoletest.Must(s.UpdateApplicationSettings(t.Context(), admin,
				settings.ApplicationUpdate{ActivityDays: new(30)}))
		}, `value="30"`},
		"/settings/mail": {mailForm, func() {
			consoletest.Must(s.UpdateApplicationSettings(t.Context(), admin,
				settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{Port: new(new(26))}}))
		}, `value="26"`},
		"/settings/sign-in": {lockoutForm, func() {
			consoletest.Must(0, s.UpdateLockoutPolicy(t.Context(), admin, settings.LockoutUpdate{Threshold: new(9)}))
		}, `value="9"`},
		"/settings/directory": {with(directoryForm, url.Values{"group-1": {"Guests"}, "group-1-roles": {"2"}}),
			func() { groups(s) }, `name="group-0" value=""`},
		"/settings/saml": {samlForm, func() {
			consoletest.Must(s.UpdateSAMLConfiguration(t.Context(), admin,
				settings.SAMLUpdate{ActivateCreatedUsers: new(true)}))
		}, `value="yes" checked`},
	} {
		t.Run(path, func(t *testing.T) {
			old := with(test.form, url.Values{"seen": {seen(b, path)}})
			test.change()
			all := func() []any {
				return []any{
					consoletest.Must(s.ServerSettings(t.Context(), admin)),
					consoletest.Must(s.ApplicationSettings(t.Context(), admin)),
					consoletest.Must(s.LockoutPolicy(t.Context(), admin)),
					consoletest.Must(s.LDAPConfiguration(t.Context(), admin)),
					consoletest.Must(s.SAMLConfiguration(t.Context(), admin)),
				}
			}
			before := all()
			a := b.Post(path, old)
			a.Want(t, 409, "Somebody else has changed these settings since you opened the page.", test.now)
			if strings.Contains(a.Body, `name="group-1" value="Guests"`) {
				t.Error("the form shows what was sent")
			}
			b.Post(path, with(test.form, nil)).Want(t, 409)
			if !reflect.DeepEqual(all(), before) {
				t.Errorf("something was changed: %+v", all())
			}
			saved(b, path, test.form)
		})
	}
}
