package auth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// notices returns the addresses that the notices of password changes in the outbox go to.
func notices(f *servicetest.Fixture) (recipients []string) {
	f.T.Helper()
	for _, m := range servicetest.Must(f.Store.Inner.Mails(f.T.Context(), 100)) {
		if m.Kind == account.MailPasswordChanged {
			recipients = append(recipients, m.Recipient+" "+string(m.State))
		}
	}
	return recipients
}

// Every way to set another password sends a notice to the address that the user had before.
func TestPasswordChangesAreMailed(t *testing.T) {
	for name, change := range map[string]func(f *servicetest.Fixture, id int64) error{
		"by the user": func(f *servicetest.Fixture, _ int64) error {
			return f.ChangeOwnPassword(f.As("ann@example.org"), servicetest.Password, servicetest.NextPassword)
		},
		"by an administrator, with another address": func(f *servicetest.Fixture, id int64) error {
			return f.UpdateUserAsAdmin(id, account.UserUpdate{
				Password: new(secret.New(servicetest.NextPassword)), Email: new("thief@example.org"),
			})
		},
		"by recovery": func(f *servicetest.Fixture, _ int64) error {
			return f.RecoverWith(f.RecoveryToken("ann@example.org"), servicetest.NextPassword)
		},
		"by the operator": func(f *servicetest.Fixture, _ int64) error {
			return f.EmergencyReset(f.T.Context(), "ann@example.org", secret.New(servicetest.NextPassword))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser("ann@example.org")
			servicetest.WantCode(t, change(f, id), "")
			if got := notices(f); len(got) != 1 || got[0] != "ann@example.org ready" {
				t.Errorf("the notices go to %q", got)
			}
			err := f.ChangeOwnPassword(f.Admin(), servicetest.WrongPassword, servicetest.NextPassword)
			servicetest.WantCode(t, err, account.CodeWrongPassword)
			if got := notices(f); len(got) != 1 {
				t.Errorf("a refused change sent a notice: %q", got)
			}
		})
	}
}

// A user gets at most five notices an hour. Further changes are made without one.
func TestPasswordNoticesAnHour(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	ann := f.As("ann@example.org")
	passwords := []string{servicetest.Password, servicetest.NextPassword}
	for i := range 7 {
		servicetest.WantCode(t, f.ChangeOwnPassword(ann, passwords[i%2], passwords[(i+1)%2]), "")
	}
	if got := notices(f); len(got) != 5 {
		t.Errorf("%d notices, want 5", len(got))
	}
	f.Clock.Advance(time.Hour + time.Second)
	servicetest.WantCode(t, f.ChangeOwnPassword(ann, passwords[1], passwords[0]), "")
	if got := notices(f); len(got) != 6 {
		t.Errorf("%d notices after an hour, want 6", len(got))
	}
}

// A password change can end the API keys in its transaction, also the one that it was made with.
func TestPasswordChangeRevokesKeys(t *testing.T) {
	for _, revoke := range []bool{false, true} {
		t.Run(fmt.Sprint(revoke), func(t *testing.T) {
			f := servicetest.New(t)
			f.AddUser("ann@example.org")
			ann := f.As("ann@example.org")
			named, _, err := f.CreateKey(t.Context(), ann, apikey.NewAPIKey{Name: "key"})
			servicetest.WantCode(t, err, "")
			contract := servicetest.Must(f.RenewContractKey(t.Context(), ann))
			change := auth.PasswordChange{
				Current: secret.New(servicetest.Password), Next: secret.New(servicetest.NextPassword), RevokeKeys: revoke,
			}
			from := account.Origin{ClientNetwork: servicetest.Home}
			servicetest.WantCode(t, f.ChangePassword(t.Context(), f.PrincipalBy(contract), change, from), "")
			if f.IsAccepted(named) == revoke || f.IsAccepted(contract) == revoke {
				t.Errorf("the keys are accepted: %v, %v", f.IsAccepted(named), f.IsAccepted(contract))
			}
			if revoke {
				f.WantLastActivity(account.ActionKeyEnd, "api-keyann@example.org")
			} else {
				f.WantLastActivity(account.ActionPasswordChange, "userann@example.org")
			}
		})
	}
}

func TestRevokeKeys(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.AddUser("bob@example.org")
	ann, bob := f.As("ann@example.org"), f.As("bob@example.org")
	newKey := func(p *account.Principal) secret.Text {
		text, _, err := f.CreateKey(t.Context(), p, apikey.NewAPIKey{Name: "key"})
		servicetest.WantCode(t, err, "")
		return text
	}
	first, second, other := newKey(ann), newKey(ann), newKey(bob)
	servicetest.WantCode(t, f.RevokeKeys(t.Context(), bob, id), account.CodeNotFound)
	servicetest.WantCode(t, f.RevokeKeys(t.Context(), f.PrincipalBy(first), id), account.CodeForbidden) // a named key
	servicetest.WantCode(t, f.RevokeKeys(t.Context(), ann, id), "")
	if f.IsAccepted(first) || f.IsAccepted(second) || !f.IsAccepted(other) {
		t.Error("not exactly the keys of the user have ended")
	}
	f.WantLastActivity(account.ActionKeyEnd, "api-keyann@example.org")
	entries := len(f.StoredActivity())
	servicetest.WantCode(t, f.RevokeKeys(t.Context(), ann, id), "")
	if len(f.StoredActivity()) != entries {
		t.Error("the end of no key was recorded")
	}
	third := newKey(ann)
	servicetest.WantCode(t, f.RevokeKeys(t.Context(), f.Admin(), id), "")
	if f.IsAccepted(third) {
		t.Error("an administrator did not end the key")
	}
}
