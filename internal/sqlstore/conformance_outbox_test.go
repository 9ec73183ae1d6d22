package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// requestedMail returns a message to an address for which no user has been looked up yet.
func requestedMail() account.Mail {
	return account.Mail{
		Kind: account.MailRecovery, State: account.MailRequested, Address: "Ada@example.org", ClientNetwork: "192.0.2.1",
		Created: now, NextAttempt: now,
	}
}

// readyMail returns a message to a user, ready for delivery.
func readyMail(userID int64) account.Mail {
	return account.Mail{
		Kind: account.MailRecovery, State: account.MailReady, ClientNetwork: "192.0.2.1", UserID: userID,
		Recipient: "Ada@example.org",
		Sealed:    keyring.Sealed{KeyID: "k", Box: []byte{0, 1, 255}}, Attempts: 2,
		Created: now, NextAttempt: now.Add(time.Second), Expires: now.Add(time.Hour), LastError: "451 later",
	}
}

// finishedMail returns a message that was delivered or has failed.
func finishedMail(userID int64, state account.MailState) account.Mail {
	m := readyMail(userID)
	m.State, m.Sealed, m.Finished = state, keyring.Sealed{}, now.Add(2*time.Second)
	return m
}

// wantMail fails the test unless the messages are equal. An empty Sealed.Box counts as nil.
func wantMail(t *testing.T, what string, got, want account.Mail) {
	t.Helper()
	if len(got.Sealed.Box) == 0 {
		got.Sealed.Box = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func TestMail(t *testing.T) {
	conform(t, "inserted messages are read back, the newest first", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		all := []account.Mail{
			insertMail(t, db, requestedMail()),
			insertMail(t, db, readyMail(u.ID)),
			insertMail(t, db, finishedMail(u.ID, account.MailDelivered)),
			insertMail(t, db, finishedMail(u.ID, account.MailFailed)),
		}
		for _, m := range all {
			wantMail(t, "Mail", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), m)
		}
		slices.Reverse(all)
		for limit := range 6 {
			got := get[[]account.Mail](t)(db.Mails(t.Context(), limit))
			want(t, "mails", len(got), min(limit, len(all)))
			for i, m := range got {
				wantMail(t, "Mails", m, all[i])
			}
		}
	})

	conform(t, "a missing message is not found", func(t *testing.T, db database) {
		insertMail(t, db, requestedMail())
		for _, id := range []int64{0, 2, math.MaxInt64, math.MinInt64} {
			_, err := db.Mail(t.Context(), id)
			wantErr(t, "Mail", err, account.ErrNotFound)
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteMail(ctx, id) })
		}
		want(t, "left", len(get[[]account.Mail](t)(db.Mails(t.Context(), 9))), 1)
	})

	conform(t, "bad rows are refused", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		for name, bad := range map[string]func(m *account.Mail){
			"unknown state":         func(m *account.Mail) { m.State = "lost" },
			"ready, without a user": func(m *account.Mail) { m.UserID = 0 },
			"of no user":            func(m *account.Mail) { m.UserID = 99 },
			"requested, sealed":     func(m *account.Mail) { m.State = account.MailRequested },
			"delivered, sealed":     func(m *account.Mail) { m.State = account.MailDelivered },
			"failed, sealed":        func(m *account.Mail) { m.State = account.MailFailed },
			"failed, without a user": func(m *account.Mail) {
				m.State, m.Sealed, m.UserID = account.MailFailed, keyring.Sealed{},
					0
			},
			"delivered, without a user": func(m *account.Mail) {
				m.State, m.Sealed, m.UserID = account.MailDelivered, keyring.Sealed{},
					0
			},
		} {
			m := readyMail(u.ID)
			bad(&m)
			_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertMail(ctx, m) })
			want(t, name, account.ErrorCode(err), account.CodeInternal)
		}
		want(t, "kept", len(get[[]account.Mail](t)(db.Mails(t.Context(), 9))), 0)
	})

	conform(t, "ids are never reused, and messages are deleted with their user", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		stays, goes := insertMail(t, db, requestedMail()), insertMail(t, db, readyMail(u.ID))
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, u.ID) })
		_, err := db.Mail(t.Context(), goes.ID)
		wantErr(t, "of a deleted user", err, account.ErrNotFound)
		wantMail(t, "without a user", get[account.Mail](t)(db.Mail(t.Context(), stays.ID)), stays)
		if id := insertMail(t, db, requestedMail()).ID; id <= goes.ID {
			t.Errorf("the id %d of a deleted message was reused as %d", goes.ID, id)
		}
	})
}

func TestDueMail(t *testing.T) {
	conform(t, "the first due message is returned", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		add := func(m account.Mail, next time.Duration) int64 {
			m.NextAttempt = now.Add(next)
			return insertMail(t, db, m).ID
		}
		add(finishedMail(u.ID, account.MailDelivered), -time.Hour)
		add(finishedMail(u.ID, account.MailFailed), -time.Hour)
		later := add(requestedMail(), time.Microsecond)
		second := add(requestedMail(), -time.Second)
		third := add(readyMail(u.ID), -time.Second)
		atOnce := add(readyMail(u.ID), 0)
		first := add(readyMail(u.ID), -time.Minute)
		for _, id := range []int64{first, second, third, atOnce} {
			m := get[account.Mail](t)(db.DueMail(t.Context(), now))
			want(t, "due", m.ID, id)
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteMail(ctx, id) })
		}
		_, err := db.DueMail(t.Context(), now)
		wantErr(t, "none is due", err, account.ErrNotFound)
		want(t, "due later", get[account.Mail](t)(db.DueMail(t.Context(), now.Add(time.Microsecond))).ID, later)
	})
}

func TestUpdateMail(t *testing.T) {
	update := func(t *testing.T, s account.Transactor, m, was account.Mail) error {
		return s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error { return tx.UpdateMail(ctx, m, was) })
	}

	conform(t, "every field is stored", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		m, other := insertMail(t, db, requestedMail()), insertMail(t, db, requestedMail())
		for _, next := range []account.Mail{
			readyMail(u.ID), finishedMail(u.ID, account.MailFailed), finishedMail(u.ID, account.MailDelivered), requestedMail(),
		} {
			next.ID, next.Created, next.ClientNetwork = m.ID, m.Created.Add(time.Second), m.ClientNetwork+"0"
			if err := update(t, db, next, m); err != nil {
				t.Fatalf("update to %s: %v", next.State, err)
			}
			wantMail(t, "updated", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), next)
			m = next
		}
		wantMail(t, "another", get[account.Mail](t)(db.Mail(t.Context(), other.ID)), other)
	})

	conform(t, "only an unchanged message is replaced", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		m := insertMail(t, db, readyMail(u.ID))
		next := finishedMail(u.ID, account.MailDelivered)
		next.ID = m.ID
		for name, mistake := range map[string]func(was *account.Mail){
			"fewer attempts": func(was *account.Mail) { was.Attempts-- },
			"more attempts":  func(was *account.Mail) { was.Attempts++ },
			"another state":  func(was *account.Mail) { was.State = account.MailRequested },
		} {
			was := m
			mistake(&was)
			wantErr(t, name, update(t, db, next, was), account.ErrNotFound)
		}
		gone := next
		gone.ID = 99
		wantErr(t, "gone", update(t, db, gone, m), account.ErrNotFound)
		wantMail(t, "the unchanged message", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), m)
		if err := update(t, db, next, m); err != nil {
			t.Errorf("the right one: %v", err)
		}
		wantErr(t, "again", update(t, db, next, m), account.ErrNotFound)
	})

	conform(t, "one of many concurrent updates wins", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		m := insertMail(t, db, readyMail(u.ID))
		stores := []*account.Store{db.Store, db.another()}
		errs := gather(16, func(i int) error {
			next := m
			next.Attempts++
			next.LastError = string(rune('a' + i))
			return update(t, stores[i%2], next, m)
		})
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Errorf("both %d and %d won", winner, i)
			case !errors.Is(err, account.ErrNotFound):
				t.Errorf("%d: %v", i, err)
			}
		}
		if winner < 0 {
			t.Fatal("no caller won")
		}
		want(t, "stored", get[account.Mail](t)(db.Mail(t.Context(), m.ID)).LastError, string(rune('a'+winner)))
	})
}

func TestCountMails(t *testing.T) {
	conform(t, "messages to a user are counted since a time", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		for _, m := range []account.Mail{
			readyMail(users[0].ID), finishedMail(users[0].ID, account.MailDelivered), readyMail(users[1].ID), requestedMail(),
		} {
			insertMail(t, db, m)
		}
		for _, c := range []struct {
			user  int64
			kind  account.MailKind
			since time.Time
			n     int
		}{
			{users[0].ID, account.MailRecovery, now.Add(-time.Microsecond), 2}, {users[0].ID, account.MailRecovery, now, 0},
			{users[1].ID, account.MailRecovery, time.Time{}, 1}, {99, account.MailRecovery, time.Time{}, 0},
			{users[0].ID, account.MailInvitation, time.Time{}, 0},
		} {
			n := do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
				return tx.CountMails(ctx, c.user, c.kind, c.since)
			})
			want(t, "count", n, c.n)
		}
	})

	conform(t, "finished ones are deleted", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		old, edge := finishedMail(u.ID, account.MailDelivered), finishedMail(u.ID, account.MailFailed)
		before := old.Finished.Add(time.Microsecond)
		edge.Finished = before
		left := []account.Mail{
			insertMail(t, db, requestedMail()), insertMail(t, db, readyMail(u.ID)), insertMail(t, db, edge),
		}
		insertMail(t, db, old)
		old.State = account.MailFailed
		insertMail(t, db, old)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return counted(tx.DeleteFinishedMails(ctx, before, 100))
		})
		want(t, "left", len(get[[]account.Mail](t)(db.Mails(t.Context(), 9))), len(left))
		for _, m := range left {
			wantMail(t, "left", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), m)
		}
	})

	conform(t, "the oldest requests in excess are deleted", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		left := []account.Mail{insertMail(t, db, readyMail(u.ID))} // older than all requests
		var requests []account.Mail
		for range 7 {
			requests = append(requests, insertMail(t, db, requestedMail()))
		}
		left = append(left, requests[4:]...)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, want := range []int{3, 1, 0} {
				if n, err := tx.DeleteExcessRequests(ctx, 3, 3); n != want || err != nil {
					return fmt.Errorf("deleted %d, %w; want %d", n, err, want)
				}
			}
			return nil
		})
		want(t, "left", len(get[[]account.Mail](t)(db.Mails(t.Context(), 9))), len(left))
		for _, m := range left {
			wantMail(t, "left", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), m)
		}
	})
}
