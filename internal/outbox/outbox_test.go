package outbox_test

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// An attempt counts even if its worker crashes. The next attempt sends the identical message.
func TestClaimedMailIsRetried(t *testing.T) {
	f := servicetest.New(t)
	f.RequestRecovery(servicetest.AdminEmail)
	first := f.ClaimNext()
	if m := f.NewestMail(); first.Attempt != 1 || m.Attempts != 1 || m.State != account.MailReady {
		t.Errorf("attempt %d was claimed of %+v", first.Attempt, m)
	}
	f.Clock.Advance(time.Minute - time.Microsecond)
	if f.ClaimNext() != nil {
		t.Fatal("a message in delivery was claimed again")
	}
	f.Clock.Advance(time.Microsecond)
	second := f.ClaimNext()
	if second == nil || second.Attempt != 2 || second.Message != first.Message {
		t.Fatalf("the second attempt is %+v, the first was %+v", second, first)
	}
	before := f.NewestMail()
	for _, err := range []error{
		f.MailDelivered(t.Context(), first),
		f.MailFailed(t.Context(), first, "late", false),
		f.MailFailed(t.Context(), first, "late", true),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if m := f.NewestMail(); !reflect.DeepEqual(m, before) {
		t.Errorf("a report on the first claim changed the row from %+v to %+v", before, m)
	}
}

func TestDeliveredMailIsCleared(t *testing.T) {
	f := servicetest.New(t)
	f.RequestRecovery(servicetest.AdminEmail)
	d := f.ClaimNext()
	if err := f.MailDelivered(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if m := f.NewestMail(); m.State != account.MailDelivered || len(m.Sealed.Box) > 0 || m.Sealed.KeyID != "" ||
		!m.Finished.Equal(f.Clock.Now()) {
		t.Errorf("the row is %+v", m)
	}
	f.Clock.Advance(time.Hour)
	if f.ClaimNext() != nil {
		t.Error("a delivered message was claimed again")
	}
	if err := f.MailFailed(t.Context(), d, "late", false); err != nil || f.NewestMail().State != account.MailDelivered {
		t.Errorf("a late failure changed a delivered message: %v", err)
	}
}

func TestMailBackoff(t *testing.T) {
	f := servicetest.New(t)
	f.RequestRecovery(servicetest.AdminEmail)
	for _, wait := range []time.Duration{
		5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
	} {
		d := f.ClaimNext()
		if err := f.MailFailed(t.Context(), d, "greylisted", false); err != nil {
			t.Fatal(err)
		}
		if m := f.NewestMail(); m.State != account.MailReady || m.LastError != "greylisted" {
			t.Fatalf("after attempt %d the row is %+v", d.Attempt, m)
		}
		f.Clock.Advance(wait - time.Microsecond)
		if f.ClaimNext() != nil {
			t.Fatalf("attempt %d comes before %v", d.Attempt+1, wait)
		}
		f.Clock.Advance(time.Microsecond)
	}
	// So far 21 min 20 s have passed. The next delay is an hour, and the token expires before
	// that.
	if err := f.MailFailed(t.Context(), f.ClaimNext(), "greylisted", false); err != nil {
		t.Fatal(err)
	}
	if m := f.NewestMail(); m.State != account.MailFailed || len(m.Sealed.Box) > 0 || m.LastError != "greylisted" {
		t.Errorf("the row is %+v", m)
	}
}

func TestMailFailsForGood(t *testing.T) {
	f := servicetest.New(t)
	f.RequestRecovery(servicetest.AdminEmail)
	if err := f.MailFailed(t.Context(), f.ClaimNext(), "no such mailbox", true); err != nil {
		t.Fatal(err)
	}
	if m := f.NewestMail(); m.State != account.MailFailed || len(m.Sealed.Box) > 0 ||
		m.LastError != "no such mailbox" || m.Finished.IsZero() {
		t.Errorf("the row is %+v", m)
	}
	f.Clock.Advance(time.Hour)
	if f.ClaimNext() != nil {
		t.Error("a failed message was claimed again")
	}
}

func TestMailExpires(t *testing.T) {
	f := servicetest.New(t)
	f.RequestRecovery(servicetest.AdminEmail)
	f.ClaimNext()
	f.Clock.Advance(account.RecoveryLifetime)
	if f.ClaimNext() != nil {
		t.Error("a message with an expired token was claimed")
	}
	if m := f.NewestMail(); m.State != account.MailFailed || len(m.Sealed.Box) > 0 || m.LastError == "" {
		t.Errorf("the row is %+v", m)
	}
}

// If a message cannot be rendered, the outbox postpones it. The messages after it are not delayed.
func TestUnrenderableMail(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		before := servicetest.Must(tx.User(ctx, id, f.Clock.Now()))
		u := before
		u.Name = servicetest.UnrenderableName
		return tx.UpdateUser(ctx, before, u, "ann@example.org", f.Clock.Now())
	})
	f.RequestRecovery("ann@example.org")
	f.RequestRecovery(servicetest.AdminEmail)
	if d := f.ClaimNext(); d == nil || d.Message.To != servicetest.AdminEmail {
		t.Errorf("claimed %+v, want the message after it", d)
	}
	m := servicetest.Must(f.Store.Mails(t.Context(), 2))[1]
	if m.State != account.MailRequested || m.LastError == "" || !m.NextAttempt.After(f.Clock.Now()) {
		t.Errorf("the row is %+v", m)
	}
	f.Clock.Advance(account.RecoveryLifetime)
	if d := f.ClaimNext(); d != nil || len(servicetest.Must(f.Store.Mails(t.Context(), 9))) != 1 {
		t.Errorf("claimed %+v, want the expired request dropped", d)
	}
}

// The outbox does not deliver the ciphertext of one message from the row of another.
func TestSealedMailOpensOnlyInItsRow(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.RequestRecovery(servicetest.AdminEmail)
	f.ClaimNext()
	f.RequestRecovery("ann@example.org")
	f.ClaimNext()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		mails := servicetest.Must(tx.Mails(ctx, 2))
		swapped := mails[1]
		swapped.Sealed = mails[0].Sealed
		return tx.UpdateMail(ctx, swapped, mails[1])
	})
	f.Clock.Advance(time.Minute)
	d := f.ClaimNext()
	if d == nil || d.Message.To != "ann@example.org" || f.ClaimNext() != nil {
		t.Errorf("claimed %+v, want only the intact row", d)
	}
}

func TestParallelWorkersClaimOnce(t *testing.T) {
	f := servicetest.New(t)
	const users = 10
	for i := range users {
		email := string(rune('a'+i)) + "@example.org"
		f.AddUser(email)
		f.RequestRecovery(email)
		f.RequestRecovery("nobody@example.org")
	}
	var mu sync.Mutex
	claimed := map[string]int{}
	for _, err := range servicetest.Parallel(4, func(int) error {
		for {
			d, err := f.ClaimMail(t.Context())
			if d == nil || err != nil {
				return err
			}
			mu.Lock()
			claimed[d.Message.To]++
			mu.Unlock()
			if err := f.MailDelivered(t.Context(), d); err != nil {
				return err
			}
		}
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if len(claimed) != users {
		t.Errorf("%d of %d messages were delivered", len(claimed), users)
	}
	for to, n := range claimed {
		if n != 1 {
			t.Errorf("%s got %d messages", to, n)
		}
	}
}

// Two workers concurrently prepare a user's third recovery message of an hour, which is the
// last one allowed. The message is counted once and delivered.
func TestParallelWorkersKeepTheThirdMail(t *testing.T) {
	f := servicetest.New(t)
	for range 2 {
		f.RecoveryToken(servicetest.AdminEmail)
	}
	f.RequestRecovery(servicetest.AdminEmail)
	var faster *account.Delivery
	f.Store.OnCall(func(name string) {
		if name == "DueMail" { // this worker has read the due message; another worker claims it before the lock
			f.Store.OnCall(func(string) {})
			faster = f.ClaimNext()
		}
	})
	if slower := f.ClaimNext(); slower != nil {
		t.Errorf("the slower worker claimed %+v, want nothing", slower)
	}
	if faster == nil {
		t.Fatal("the faster worker claimed nothing")
	}
	if m, err := f.Store.Inner.Mail(t.Context(), faster.MailID); err != nil || m.State != account.MailReady {
		t.Errorf("the slower worker removed the row or changed it to %+v: %v", m, err)
	}
}

func TestMailIsForAdministrators(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.AddUser("reader@example.org",
		f.AddRole(servicetest.Permit("mail:read")))
	f.RequestRecovery(servicetest.AdminEmail)
	f.RequestRecovery(servicetest.AdminEmail)
	id := f.NewestMail().ID
	for email, want := range map[string]account.Code{
		"ann@example.org": account.CodeForbidden, servicetest.AdminEmail: "", "reader@example.org": "",
	} {
		caller := f.As(email)
		mails, err := f.ListMail(t.Context(), caller)
		servicetest.WantCode(t, err, want)
		m, err := f.Mail(t.Context(), caller, id)
		servicetest.WantCode(t, err, want)
		if want == "" && (len(mails) != 2 || mails[0].ID != id || m.ID != id) {
			t.Errorf("%s sees %+v and %+v", email, mails, m)
		}
		_, err = f.Mail(t.Context(), caller, id+1)
		if want == "" {
			want = account.CodeNotFound
		}
		servicetest.WantCode(t, err, want)
	}
}
