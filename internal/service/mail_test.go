package service_test

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// newest returns the newest row of the outbox.
func (f *fixture) newest() account.Mail {
	f.t.Helper()
	mails := must(f.store.Mails(f.t.Context(), 1))
	if len(mails) == 0 {
		f.t.Fatal("the outbox is empty")
	}
	return mails[0]
}

// A worker that dies in an attempt has counted it, and the message comes up
// again, the same to the letter.
func TestClaimedMailComesUpAgain(t *testing.T) {
	f := newFixture(t)
	f.ask(adminEmail)
	first := f.claim()
	if m := f.newest(); first.Attempt != 1 || m.Attempts != 1 || m.State != account.MailReady {
		t.Errorf("the claim is attempt %d of %+v", first.Attempt, m)
	}
	f.clock.advance(time.Minute - time.Microsecond)
	if f.claim() != nil {
		t.Fatal("a message that is being delivered came up")
	}
	f.clock.advance(time.Microsecond)
	second := f.claim()
	if second == nil || second.Attempt != 2 || second.Message != first.Message {
		t.Fatalf("the second attempt is %+v, the first was %+v", second, first)
	}
	was := f.newest()
	for _, err := range []error{
		f.MailDelivered(t.Context(), first), f.MailFailed(t.Context(), first, "late", false), f.MailFailed(t.Context(), first, "late", true),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if m := f.newest(); !reflect.DeepEqual(m, was) {
		t.Errorf("who claimed it first still reports on it: the row was %+v and is %+v", was, m)
	}
}

func TestDeliveredMailIsBlank(t *testing.T) {
	f := newFixture(t)
	f.ask(adminEmail)
	d := f.claim()
	if err := f.MailDelivered(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if m := f.newest(); m.State != account.MailDelivered || len(m.Sealed.Box) > 0 || m.Sealed.KeyID != "" || !m.Finished.Equal(f.clock.Now()) {
		t.Errorf("the row is %+v", m)
	}
	f.clock.advance(time.Hour)
	if f.claim() != nil {
		t.Error("it is delivered twice")
	}
	if err := f.MailFailed(t.Context(), d, "late", false); err != nil || f.newest().State != account.MailDelivered {
		t.Errorf("a delivered message fails: %v", err)
	}
}

func TestMailBackoff(t *testing.T) {
	f := newFixture(t)
	f.ask(adminEmail)
	for _, wait := range []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute} {
		d := f.claim()
		if err := f.MailFailed(t.Context(), d, "greylisted", false); err != nil {
			t.Fatal(err)
		}
		if m := f.newest(); m.State != account.MailReady || m.LastError != "greylisted" {
			t.Fatalf("after attempt %d the row is %+v", d.Attempt, m)
		}
		f.clock.advance(wait - time.Microsecond)
		if f.claim() != nil {
			t.Fatalf("attempt %d comes before %v", d.Attempt+1, wait)
		}
		f.clock.advance(time.Microsecond)
	}
	// 21 min 20 s have passed; the next wait of an hour is past the token's life.
	if err := f.MailFailed(t.Context(), f.claim(), "greylisted", false); err != nil {
		t.Fatal(err)
	}
	if m := f.newest(); m.State != account.MailFailed || len(m.Sealed.Box) > 0 || m.LastError != "greylisted" {
		t.Errorf("the row is %+v", m)
	}
}

func TestMailFailsForGood(t *testing.T) {
	f := newFixture(t)
	f.ask(adminEmail)
	if err := f.MailFailed(t.Context(), f.claim(), "no such mailbox", true); err != nil {
		t.Fatal(err)
	}
	if m := f.newest(); m.State != account.MailFailed || len(m.Sealed.Box) > 0 || m.LastError != "no such mailbox" || m.Finished.IsZero() {
		t.Errorf("the row is %+v", m)
	}
	f.clock.advance(time.Hour)
	if f.claim() != nil {
		t.Error("it comes up again")
	}
}

func TestMailExpires(t *testing.T) {
	f := newFixture(t)
	f.ask(adminEmail)
	f.claim()
	f.clock.advance(account.RecoveryLifetime)
	if f.claim() != nil {
		t.Error("a message is delivered whose token has expired")
	}
	if m := f.newest(); m.State != account.MailFailed || len(m.Sealed.Box) > 0 || m.LastError == "" {
		t.Errorf("the row is %+v", m)
	}
}

// A message that cannot be written waits, and does not keep back those behind it.
func TestMailThatCannotBeWritten(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	f.write(func(ctx context.Context, tx account.Tx) error {
		was := must(tx.User(ctx, id, f.clock.Now()))
		u := was
		u.Name = unwritable
		return tx.UpdateUser(ctx, was, u, "ann@example.org", f.clock.Now())
	})
	f.ask("ann@example.org")
	f.ask(adminEmail)
	if d := f.claim(); d == nil || d.Message.To != adminEmail {
		t.Errorf("claimed %+v, want the message behind it", d)
	}
	if m := must(f.store.Mails(t.Context(), 2))[1]; m.State != account.MailRequested || m.LastError == "" || !m.NextAttempt.After(f.clock.Now()) {
		t.Errorf("the row is %+v", m)
	}
	f.clock.advance(account.RecoveryLifetime)
	if d := f.claim(); d != nil || len(must(f.store.Mails(t.Context(), 9))) != 1 {
		t.Errorf("claimed %+v; want the request dropped, since it is old", d)
	}
}

// A row that was copied, or sealed with another key, is not delivered.
func TestMailOpensInItsRowAlone(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	f.ask(adminEmail)
	f.claim()
	f.ask("ann@example.org")
	f.claim()
	f.write(func(ctx context.Context, tx account.Tx) error {
		mails := must(tx.Mails(ctx, 2))
		swapped := mails[1]
		swapped.Sealed = mails[0].Sealed
		return tx.UpdateMail(ctx, swapped, mails[1])
	})
	f.clock.advance(time.Minute)
	d := f.claim()
	if d == nil || d.Message.To != "ann@example.org" || f.claim() != nil {
		t.Errorf("the delivery is %+v, want that of the row that is whole", d)
	}
}

func TestParallelWorkersClaimOnce(t *testing.T) {
	f := newFixture(t)
	const users = 10
	for i := range users {
		email := string(rune('a'+i)) + "@example.org"
		f.user(email)
		f.ask(email)
		f.ask("nobody@example.org")
	}
	var mu sync.Mutex
	claimed := map[string]int{}
	for _, err := range parallel(4, func(int) error {
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

// Two workers that find the third request of an hour at the same time do not
// take it for a fourth one.
func TestParallelWorkersKeepTheThirdMail(t *testing.T) {
	f := newFixture(t)
	for range 2 {
		f.recoveryToken(adminEmail)
	}
	f.ask(adminEmail)
	var faster *account.Delivery
	f.store.hook(func(name string) {
		if name == "DueMail" { // this worker has seen the row; now another one takes it
			f.store.hook(func(string) {})
			faster = f.claim()
		}
	})
	if slower := f.claim(); slower != nil {
		t.Errorf("the slower worker claims %+v", slower)
	}
	if faster == nil {
		t.Fatal("the faster worker claims nothing")
	}
	if m, err := f.store.Reader.Mail(t.Context(), faster.MailID); err != nil || m.State != account.MailReady {
		t.Errorf("the slower worker has removed the row, or changed it to %+v: %v", m, err)
	}
}

func TestMailIsForAdministrators(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	f.user("reader@example.org", f.role(access.Permission{Entity: access.EntityMail, Action: access.ActionRead, Scope: access.ScopeAll}))
	f.ask(adminEmail)
	f.ask(adminEmail)
	id := f.newest().ID
	for email, want := range map[string]account.Code{"ann@example.org": account.CodeForbidden, adminEmail: "", "reader@example.org": ""} {
		caller := f.as(email)
		mails, err := f.ListMail(t.Context(), caller)
		wantCode(t, err, want)
		m, err := f.Mail(t.Context(), caller, id)
		wantCode(t, err, want)
		if want == "" && (len(mails) != 2 || mails[0].ID != id || m.ID != id) {
			t.Errorf("%s sees %+v and %+v", email, mails, m)
		}
		_, err = f.Mail(t.Context(), caller, id+1)
		if want == "" {
			want = account.CodeNotFound
		}
		wantCode(t, err, want)
	}
}
