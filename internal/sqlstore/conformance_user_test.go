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

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// fullUser returns a user with all optional fields.
func fullUser() account.User {
	u := localUser("Ada@Example.org")
	u.Surname, u.Department, u.Biography = ptr("Lovelace"), ptr(""), ptr("Zeile 1\nZeile 2")
	u.Picture = []byte{0, 1, 2, 255}
	u.NeedPasswordReset, u.EULAVersion = true, 3
	return u
}

func TestUser(t *testing.T) {
	conform(t, "an inserted user is read back", func(t *testing.T, db database) {
		for _, u := range []account.User{
			fullUser(),
			localUser("bob@example.org"),
			{Email: "c@example.org", Profile: account.Profile{
				Name: "C",
			}, Provider: account.ProviderSAML, Identifier: "saml|c", EULAVersion: 0},
		} {
			u = insertUser(t, db, u)
			if got := get[account.User](t)(db.User(t.Context(), u.ID, now)); !reflect.DeepEqual(got, u) {
				t.Errorf("got  %+v\nwant %+v", got, u)
			}
			if got := get[[]account.User](t)(db.UsersAfter(t.Context(), u.ID-1, 1, now)); !reflect.DeepEqual(got,
				[]account.User{u}) {
				t.Errorf("in a list: got  %+v\nwant %+v", got, u)
			}
		}
	})

	conform(t, "the id of a new user is ignored", func(t *testing.T, db database) {
		u := localUser("a@example.org")
		u.ID = 4711
		if id := insertUser(t, db, u).ID; id == 4711 {
			t.Errorf("the user got the id %d", id)
		}
	})

	conform(t, "a missing user is not found", func(t *testing.T, db database) {
		insertUser(t, db, fullUser())
		ctx := t.Context()
		for _, id := range []int64{0, -1, 2, math.MaxInt64, math.MinInt64} {
			_, err := db.User(ctx, id, now)
			wantErr(t, "User", err, account.ErrNotFound)
			_, err = db.Credential(ctx, id)
			wantErr(t, "Credential", err, account.ErrNotFound)
			err = db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
				u := localUser("b@example.org")
				u.ID = id
				return updateUser(ctx, tx, u)
			})
			wantErr(t, "UpdateUser", err, account.ErrNotFound)
			err = db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
				return tx.SetPassword(ctx, id, "h", false, now)
			})
			wantErr(t, "SetPassword", err, account.ErrNotFound)
			err = db.Write(ctx, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, id) })
			wantErr(t, "DeleteUser", err, account.ErrNotFound)
		}
		_, err := db.CredentialByEmail(ctx, "nobody@example.org")
		wantErr(t, "CredentialByEmail", err, account.ErrNotFound)
	})

	conform(t, "an address is taken by its key", func(t *testing.T, db database) {
		ada, bob := insertUser(t, db, fullUser()), insertUser(t, db, localUser("bob@example.org"))
		_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
			u := localUser("ADA@example.ORG")
			return tx.InsertUser(ctx, u, key(u.Email), "h", now)
		})
		wantErr(t, "InsertUser", err, account.ErrEmailTaken)
		bob.Email = "aDa@example.org"
		err = db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, bob) })
		wantErr(t, "UpdateUser", err, account.ErrEmailTaken)
		ada.Email = "ADA@example.org"
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, ada) })
		want(t, "users", len(get[[]account.User](t)(db.UsersAfter(t.Context(), 0, 10, now))), 2)
	})

	conform(t, "an update stores all but roles, lock and reset", func(t *testing.T, db database) {
		role := insertRole(t, db, access.Role{Name: "R"})
		before := fullUser()
		before.RoleIDs = []int64{role.ID}
		before = insertUser(t, db, before)
		after := account.User{
			ID: before.ID, Email: "new@example.org",
			Profile:  account.Profile{Name: "New"},
			Provider: account.ProviderLocal, Identifier: "id",
			EULAVersion: 9,
			LockedOut:   true, RoleIDs: []int64{99},
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return updateUser(ctx, tx, after)
		})
		after.LockedOut, after.NeedPasswordReset, after.RoleIDs = false, true, before.RoleIDs
		if got := get[account.User](t)(db.User(t.Context(), before.ID, now)); !reflect.DeepEqual(got, after) {
			t.Errorf("got  %+v\nwant %+v", got, after)
		}
		_, err := db.CredentialByEmail(t.Context(), key(before.Email))
		wantErr(t, "the old address", err, account.ErrNotFound)
		want(t, "the new address", get[account.Credential](t)(db.CredentialByEmail(t.Context(), key(after.Email))).UserID,
			before.ID)
	})

	conform(t, "an empty picture is not no picture", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		for _, picture := range [][]byte{{}, nil, {0}} {
			u.Picture = picture
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) })
			got := get[account.User](t)(db.User(t.Context(), u.ID, now)).Picture
			if !reflect.DeepEqual(got, picture) {
				t.Errorf("got %#v, want %#v", got, picture)
			}
		}
	})

	conform(t, "pages are by id and complete", func(t *testing.T, db database) {
		users := insertUsers(t, db, 7)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, users[3].ID) })
		var wanted, got []int64
		for _, u := range slices.Delete(users, 3, 4) {
			wanted = append(wanted, u.ID)
		}
		for after := int64(math.MinInt64); ; {
			page := get[[]account.User](t)(db.UsersAfter(t.Context(), after, 2, now))
			if len(page) == 0 {
				break
			}
			for _, u := range page {
				got = append(got, u.ID)
			}
			after = page[len(page)-1].ID
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("got %v, want %v", got, wanted)
		}
		want(t, "after the last", len(get[[]account.User](t)(db.UsersAfter(t.Context(), math.MaxInt64, 2, now))), 0)
	})

	conform(t, "a page ends after some megabytes", func(t *testing.T, db database) {
		const users = 100
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for i := range users {
				u := localUser(fmt.Sprintf("%d@example.org", i))
				u.Picture = make([]byte, account.MaxPictureBytes)
				if _, err := tx.InsertUser(ctx, u, key(u.Email), "h", now); err != nil {
					return err
				}
			}
			return nil
		})
		pages, after := 0, int64(0)
		for {
			page := get[[]account.User](t)(db.UsersAfter(t.Context(), after, users, now))
			if len(page) == 0 {
				break
			}
			pages++
			after = page[len(page)-1].ID
		}
		want(t, "the last", after, users)
		want(t, "pages", pages, 4) // of 2 MiB each
	})

	conform(t, "an id is never reused", func(t *testing.T, db database) {
		users := insertUsers(t, db, 3)
		last := users[2]
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, last.ID) })
		again := insertUser(t, db, localUser(last.Email))
		if again.ID <= last.ID {
			t.Errorf("the id %d of a deleted user was reused as %d", last.ID, again.ID)
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, u := range append(users[:2:2], again) {
				if err := tx.DeleteUser(ctx, u.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if id := insertUser(t, db.another(), localUser(last.Email)).ID; id <= again.ID {
			t.Errorf("in an emptied table: the id %d was reused as %d", again.ID, id)
		}
	})

	conform(t, "bad rows are refused", func(t *testing.T, db database) {
		good := localUser("a@example.org")
		for name, bad := range map[string]func(u *account.User, key *account.EmailKey, hash *string){
			"unknown provider": func(u *account.User, _ *account.EmailKey, _ *string) { u.Provider = "telepathy" },
			"no key":           func(_ *account.User, k *account.EmailKey, _ *string) { *k = "" },
			"password of another provider": func(u *account.User, _ *account.EmailKey,
				_ *string) {
				u.Provider = account.ProviderLDAP
			},
			"unknown role": func(u *account.User, _ *account.EmailKey, _ *string) { u.RoleIDs = []int64{77} },
		} {
			u, k, hash := good, key(good.Email), "h"
			bad(&u, &k, &hash)
			_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
				return tx.InsertUser(ctx, u, k, hash, now)
			})
			if err == nil || errors.Is(err, account.ErrEmailTaken) || account.ErrorCode(err) != account.CodeInternal {
				t.Errorf("%s: got error %v", name, err)
			}
		}
		want(t, "users", len(get[[]account.User](t)(db.UsersAfter(t.Context(), 0, 10, now))), 0)
	})
}

func TestCredential(t *testing.T) {
	conform(t, "the fields that sign-in needs are read back", func(t *testing.T, db database) {
		u := insertUser(t, db, fullUser())
		wanted := account.Credential{
			UserID: u.ID, Email: u.Email, Name: u.Name, Provider: u.Provider,
			PasswordHash: "hash of " + u.Email, Active: true, NeedPasswordReset: true,
		}
		want(t, "by id", get[account.Credential](t)(db.Credential(t.Context(), u.ID)), wanted)
		want(t, "by address", get[account.Credential](t)(db.CredentialByEmail(t.Context(), key("ADA@EXAMPLE.ORG"))), wanted)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return tx.SetPassword(ctx, u.ID, "other", false, now)
		})
		wanted.PasswordHash, wanted.NeedPasswordReset = "other", false
		want(t, "with another password", get[account.Credential](t)(db.Credential(t.Context(), u.ID)), wanted)
	})

	conform(t, "administrators who can sign in are counted", func(t *testing.T, db database) {
		insertRole(t, db, access.Role{ID: access.AdministratorRole, Name: "Global Administrator"})
		insertRole(t, db, access.Role{ID: access.UserRole, Name: "User"})
		count := func() int {
			return do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
				if err := tx.LockAdministrators(ctx); err != nil {
					return 0, err
				}
				return tx.CountAdministrators(ctx)
			})
		}
		want(t, "at first", count(), 0)
		admin := func(email string) account.User {
			u := localUser(email)
			u.RoleIDs = []int64{access.AdministratorRole, access.UserRole}
			return u
		}
		insertUser(t, db, admin("one@example.org"))
		two := insertUser(t, db, admin("two@example.org"))
		inactive, remote, plain := admin("inactive@example.org"), admin("remote@example.org"), admin("plain@example.org")
		inactive.Active, remote.Provider, plain.RoleIDs = false, account.ProviderLDAP, []int64{access.UserRole}
		for _, u := range []account.User{inactive, remote, plain} {
			insertUser(t, db, u)
		}
		want(t, "of five users", count(), 2)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SetPassword(ctx, two.ID, "", false, now) })
		want(t, "without a password", count(), 1)
	})
}

func TestLockedOut(t *testing.T) {
	conform(t, "the counter of unknown networks locks", func(t *testing.T, db database) {
		users := insertUsers(t, db, 12)
		until := now.Add(time.Minute)
		for _, key := range []string{
			// keys of counters that do not lock user 1
			"u:1|192.0.2.1", "u:1|", "u:1", "u:1|new2", "u:11", "u:01|new", "x:1|new", "source|u:1|new", "U:1|new",
			"u:12|new",
		} {
			saveThrottle(t, db, lockout.Counter{Key: key, LockedUntil: until})
		}
		for _, at := range []struct {
			name   string
			now    time.Time
			locked bool
		}{
			{"before the end", until.Add(-time.Microsecond), true},
			{"at the end", until, false},
			{"after the end", until.Add(time.Hour), false},
		} {
			for _, u := range get[[]account.User](t)(db.UsersAfter(t.Context(), 0, 20, at.now)) {
				shown := u.ID == 12 && at.locked
				want(t, at.name+", "+u.Email+" in a list", u.LockedOut, shown)
				want(t, at.name+", "+u.Email, get[account.User](t)(db.User(t.Context(), u.ID, at.now)).LockedOut, shown)
			}
		}
		indefinitely := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		saveThrottle(t, db, lockout.Counter{Key: "u:1|new", LockedUntil: indefinitely})
		want(t, "locked indefinitely",
			get[account.User](t)(db.User(t.Context(), users[0].ID, indefinitely.Add(-time.Second))).LockedOut, true)
		saveThrottle(t, db, lockout.Counter{Key: "u:1|new", Failures: 2})
		want(t, "unlocked", get[account.User](t)(db.User(t.Context(), users[0].ID, now)).LockedOut, false)
	})
}
