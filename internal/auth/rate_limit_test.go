package auth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestRateLimit(t *testing.T) {
	l := auth.NewRateLimit(time.Minute, 3, "wait")
	now := servicetest.Start
	for range 3 {
		servicetest.WantCode(t, l.Check(1, now), "")
		l.Count(1, now)
	}
	err := l.Check(1, now)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	if e := servicetest.AsError(t, err); e.Message != "wait" || e.RetryAfter.Round(time.Second) != time.Minute {
		t.Errorf("the error is %+v", e)
	}
	servicetest.WantCode(t, l.Check(2, now), "") // another user
	now = now.Add(time.Minute)
	servicetest.WantCode(t, l.Check(1, now), "")
	for range 3 { // concurrent actions, which passed together
		l.Count(1, now)
	}
	now = now.Add(2*time.Minute + time.Second)
	servicetest.WantCode(t, l.Check(1, now), account.CodeTooManyRequests)
	servicetest.WantCode(t, l.Check(1, now.Add(time.Minute)), "")
	for id := range int64(20_000) { // memory is bounded: the limit forgets the users counted first
		l.Count(100+id, now)
	}
	servicetest.WantCode(t, l.Check(1, now), "")
}

// ownChange makes the i-th change of the caller's own data, by one of several operations.
func ownChange(f *servicetest.Fixture, caller *account.Principal, i int) error {
	switch i % 3 {
	case 0:
		_, err := f.UpdatePreferences(f.T.Context(), caller, account.PreferencesUpdate{ProfileID: new(i)})
		return err
	case 1:
		_, err := f.RenewContractKey(f.T.Context(), caller)
		return err
	}
	up := account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: new(fmt.Sprint("name ", i))}}
	_, err := f.UpdateUser(f.T.Context(), caller, caller.User.ID, up)
	return err
}

// A user makes changes of their own data until the limit, which counts all operations together.
func TestChangesOfAUserAreLimited(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.AddUser("bob@example.org")
	ann := f.As("ann@example.org")
	made := 0
	for ; made < 500; made++ {
		if err := ownChange(f, ann, made); err != nil {
			servicetest.WantCode(t, err, account.CodeTooManyRequests)
			if wait := servicetest.AsError(t, err).RetryAfter; wait <= 0 || wait > time.Second {
				t.Errorf("the caller should wait %s", wait)
			}
			break
		}
	}
	if made != 120 {
		t.Errorf("%d changes at once, want 120", made)
	}
	entries := len(f.StoredActivity())
	for i := range 3 {
		servicetest.WantCode(t, ownChange(f, ann, i), account.CodeTooManyRequests)
	}
	err := f.ChangeOwnPassword(ann, servicetest.Password, servicetest.NextPassword)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	if len(f.StoredActivity()) != entries {
		t.Error("a refused change was recorded")
	}
	servicetest.WantCode(t, ownChange(f, f.As("ann@example.org"), 0), account.CodeTooManyRequests) // another session
	servicetest.WantCode(t, ownChange(f, f.As("bob@example.org"), 0), "")
	f.Clock.Advance(time.Minute)
	for made = 0; made < 500 && ownChange(f, ann, 1000+made) == nil; made++ {
	}
	if made != 60 {
		t.Errorf("%d changes after a minute, want 60", made)
	}
}

// Changes are counted while the activity log is off, too.
func TestUnloggedChangesAreLimited(t *testing.T) {
	f := servicetest.New(t)
	servicetest.Must(f.UpdateApplicationSettings(t.Context(), f.Admin(), settings.ApplicationUpdate{KeepActivity: new(false)}))
	f.AddUser("ann@example.org")
	ann := f.As("ann@example.org")
	made := 0
	for made < 500 && ownChange(f, ann, made) == nil {
		made++
	}
	if made != 120 {
		t.Errorf("%d changes at once, want 120", made)
	}
}

// Neither an update that changes nothing nor one that fails is counted or recorded.
func TestUnchangedDataIsNotWritten(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	ann := f.As("ann@example.org")
	user := f.StoredUser(id)
	entries := len(f.StoredActivity())
	for range 200 {
		servicetest.Must(f.UpdatePreferences(t.Context(), ann, account.PreferencesUpdate{Language: new("en")}))
		servicetest.Must(f.UpdateUser(t.Context(), ann, id, account.UserUpdate{}))
		servicetest.Must(f.UpdateUser(t.Context(), ann, id,
			account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: &user.Name}}))
		_, err := f.UpdatePreferences(t.Context(), ann, account.PreferencesUpdate{Language: new("")})
		servicetest.WantCode(t, err, account.CodeInvalid)
	}
	admin := f.Admin()
	entries++ // the administrator's sign-in
	role := f.AddRole(servicetest.Permit("user:read"))
	_, err := f.UpdateRole(t.Context(), admin, role, account.RoleUpdate{})
	servicetest.WantCode(t, err, "")
	_, err = f.SetRolePermissions(t.Context(), admin, role, servicetest.RequestsFor(servicetest.Permit("user:read")))
	servicetest.WantCode(t, err, "")
	servicetest.Must(f.SetUserRoles(t.Context(), admin, id, []int64{access.UserRole}))
	if got := len(f.StoredActivity()); got != entries {
		t.Errorf("there are %d new entries", got-entries)
	}
}

// Changes by administrators, and by callers who may create users or change all of them, are not
// limited.
func TestChangesOfAdministratorsAreNotLimited(t *testing.T) {
	f := servicetest.New(t)
	own := servicetest.PermitSelf("user:edit")
	for i, test := range []struct {
		role int64
		most int
	}{
		{access.AdministratorRole, 300},
		{f.AddRole(own, servicetest.Permit("user:create")), 300},
		{f.AddRole(own, servicetest.Permit("user:edit")), 300},
		{f.AddRole(own, servicetest.Permit("user:edit-access")), 300},
		{f.AddRole(own, servicetest.Permit("user:edit-access", 1)), 120},
		{f.AddRole(own, servicetest.Permit("user:read")), 120},
	} {
		email := fmt.Sprintf("user%d@example.org", i)
		f.AddUser(email, test.role)
		p := f.As(email)
		made := 0
		for made < 300 && ownChange(f, p, 3*made) == nil {
			made++
		}
		if made != test.most {
			t.Errorf("case %d: %d changes, want %d", i, made, test.most)
		}
	}
}

// A user has at most 100 sessions. A sign-in ends the oldest.
func TestSessionsOfAUserAreLimited(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	bob := f.NewSession(servicetest.AdminEmail)
	var sessions []auth.SignInResult
	for range 103 {
		sessions = append(sessions, f.NewSession("ann@example.org"))
	}
	f.WantLastActivity(account.ActionSessionEnd, "sessionann@example.org")
	for i, s := range sessions {
		if f.IsRevoked(s) != (i < 3) {
			t.Errorf("session %d is revoked: %v", i, f.IsRevoked(s))
		}
	}
	since := f.Clock.Now().Add(-time.Hour)
	stored := servicetest.Must(f.Store.Inner.SessionsOf(t.Context(), id, since, since, 1000))
	if len(stored) != 100 || f.IsRevoked(bob) {
		t.Errorf("there are %d sessions", len(stored))
	}
}

// Callers who may not create users can send 100 invitations an hour, to whomever.
func TestInvitationsByACallerAreLimited(t *testing.T) {
	f := servicetest.New(t)
	may := servicetest.Permissions("user:read", "user:edit-access")
	may = append(may, access.BuiltIn()[1].Permissions...)
	f.AddUser("inviter@example.org", f.AddRole(may...))
	f.AddUser("creator@example.org", f.AddRole(append(may, servicetest.Permit("user:create"))...))
	var users []int64
	for i := range 105 {
		users = append(users, f.AddUser(fmt.Sprintf("user%d@example.org", i)))
	}
	sent := func(p *account.Principal) (n int, err error) {
		for _, id := range users {
			if err := f.InviteUser(t.Context(), p, id); err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	inviter := f.As("inviter@example.org")
	n, err := sent(inviter)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	if wait := servicetest.AsError(t, err).RetryAfter; n != 100 || wait <= 0 || wait > time.Minute {
		t.Errorf("%d invitations, then a wait of %s", n, wait)
	}
	n, err = sent(f.As("creator@example.org"))
	servicetest.WantCode(t, err, "")
	if n != 105 {
		t.Errorf("the creator sent %d invitations", n)
	}
	f.Clock.Advance(time.Hour)
	servicetest.WantCode(t, f.InviteUser(t.Context(), inviter, users[0]), "")
}

// A caller signs in with the right password for as long as the account works, also after the
// limit of changes.
func TestSignInIsNoChange(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	ann := f.As("ann@example.org")
	for i := range 120 {
		servicetest.WantCode(t, ownChange(f, ann, i), "")
	}
	_, err := f.SignIn(t.Context(), "ann@example.org", secret.New(servicetest.Password), account.Origin{})
	servicetest.WantCode(t, err, "")
	servicetest.WantCode(t, f.SignOut(t.Context(), ann), "")
}
