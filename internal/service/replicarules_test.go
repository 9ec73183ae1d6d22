package service_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Nobody assigns a role that was given more than he covers a moment before: what he
// assigned was, in the order of the activity log, the role as it was until then.
func TestReplicasDoNotLetClimb(t *testing.T) {
	const rounds = 40
	all := func(entity access.Entity, action access.Action) access.Permission {
		return access.Permission{Entity: entity, Action: action, Scope: access.ScopeAll}
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.caller(1)
		manager := r.caller(r.user("manager@example.org", r.role(
			all(access.EntityUser, access.ActionRead), all(access.EntityUser, access.ActionEditAccess),
			all(access.EntityRole, access.ActionRead), all(access.EntityRole, access.ActionAssign),
		)))
		nothing := r.role()
		more := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead}, {Entity: access.EntityUser, Action: access.ActionDelete}}
		for round := range rounds {
			role := r.role()
			id := r.user(fmt.Sprintf("user%d@example.org", round), nothing)
			errs := parallel(2, func(i int) (err error) {
				if i == 0 {
					_, err = r.of(1).SetRolePermissions(t.Context(), admin, role, more)
				} else {
					_, err = r.of(2).SetUserRoles(t.Context(), manager, id, []int64{role})
				}
				return err
			})
			if errs[0] != nil {
				t.Fatal(errs[0])
			}
			wantOnly(t, errs, "", account.CodeForbidden)
			var order []account.Action
			for _, a := range must(r.store.under.Activity(t.Context(), account.ActivityQuery{Limit: 2})) {
				order = append(order, a.Action) // the newest first
			}
			if errs[1] == nil && !slices.Equal(order, []account.Action{account.ActionRolePermissions, account.ActionUserRoles}) {
				t.Fatalf("the role was assigned after it was given more: %v", order)
			}
		}
	})
}

// What lets somebody in as a user does not outlive what takes it away, however close
// both are.
func TestReplicasLeaveNoAccess(t *testing.T) {
	const rounds = 10
	ends := map[string]func(s *service.Service, ctx context.Context, admin *account.Principal, id int64) error{
		"deactivate": demote["deactivate"],
		"delete":     demote["delete"],
		"reset": func(s *service.Service, ctx context.Context, admin *account.Principal, id int64) error {
			_, err := s.UpdateUser(ctx, admin, id, account.UserUpdate{Password: ptr(secret.New(next))})
			return err
		},
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.caller(1)
		for name, end := range ends {
			for round := range rounds {
				email := fmt.Sprintf("%s%d@example.org", name, round)
				id := r.user(email)
				stolen := r.caller(id)
				errs := parallel(5, func(i int) error {
					switch i {
					case 0:
						return end(r.of(0), t.Context(), admin, id)
					case 1:
						_, _, err := r.of(1).CreateKey(t.Context(), stolen, apikey.NewAPIKey{Name: "key"})
						return err
					default:
						_, err := r.of(i).SignIn(t.Context(), email, secret.New(password), account.Origin{ClientNetwork: source(i)})
						return err
					}
				})
				if errs[0] != nil {
					t.Fatal(errs[0])
				}
				wantOnly(t, errs, "", account.CodeUnauthorized, account.CodeInvalidCredentials, account.CodeTooManyRequests)
				long := r.clock.Now().Add(-time.Hour)
				if live := must(r.store.under.SessionsOf(t.Context(), id, long, long, 9)); len(live) > 0 {
					t.Fatalf("%s left %d sessions: %v", name, len(live), errs)
				}
				// Of who is deactivated the keys rest.
				if keys := must(r.store.under.APIKeysOf(t.Context(), id)); name != "deactivate" && len(keys) > 0 {
					t.Fatalf("%s left %d keys: %v", name, len(keys), errs)
				}
			}
		}
	})
}

// Each of many messages goes to one of the workers on several servers.
func TestReplicasDeliverOnce(t *testing.T) {
	const messages, workers = 200, 6
	onReplicas(t, func(t *testing.T, r *replicas) {
		r.write(func(ctx context.Context, tx account.Tx) error {
			for i := range messages {
				email := fmt.Sprintf("user%d@example.org", i/3) // three an hour is the most
				if i%3 == 0 {
					if _, err := r.insertIn(ctx, tx, account.User{Email: email, Active: true, RoleIDs: access.DefaultRoles}); err != nil {
						return err
					}
				}
				now := r.clock.Now()
				if _, err := tx.InsertMail(ctx, account.Mail{
					Kind: account.MailRecovery, State: account.MailRequested, Address: email, Created: now, NextAttempt: now, Expires: now.Add(time.Hour),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		delivered := map[int64]int{}
		for _, err := range parallel(workers, func(i int) error {
			for {
				d, err := r.of(i).ClaimMail(t.Context())
				if err != nil {
					return err
				}
				if d == nil {
					if _, err := r.store.under.DueMail(t.Context(), r.clock.Now()); err == nil {
						continue // others hold what is left
					}
					return nil
				}
				mu.Lock()
				delivered[d.MailID]++
				mu.Unlock()
				if err := r.of(i).MailDelivered(t.Context(), d); err != nil {
					return err
				}
			}
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		for id, n := range delivered {
			if n != 1 {
				t.Errorf("message %d was delivered %d times", id, n)
			}
		}
		if len(delivered) != messages {
			t.Errorf("%d of %d messages were delivered", len(delivered), messages)
		}
	})
}

// Changes of different settings at the same time are all kept.
func TestReplicasKeepEverySetting(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.caller(1)
		for round := 1; round <= 10; round++ {
			idle, name := time.Duration(4+round)*time.Minute, fmt.Sprint("Sender ", round)
			ups := []settings.ServerUpdate{{SenderName: &name}, {SessionIdle: &idle}, {SessionAbsolute: ptr(idle + account.SessionIdle)}}
			for _, err := range parallel(len(ups), func(i int) error {
				_, err := r.of(i).UpdateServerSettings(t.Context(), admin, ups[i])
				return err
			}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			got := must(r.ServerSettings(t.Context(), admin))
			if got.SenderName != name || got.SessionIdle != idle || got.SessionAbsolute != idle+account.SessionIdle {
				t.Fatalf("round %d: %+v", round, got)
			}
		}
	})
}

// A role that is deleted while settings come to name it, or users come to have it,
// is named and had by none afterwards.
func TestReplicasDeleteRoles(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.caller(1)
		for round := range 15 {
			role := r.role()
			if round%2 == 0 {
				must(r.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{role}}))
			}
			errs := parallel(3, func(i int) (err error) {
				switch i {
				case 0:
					err = r.of(0).DeleteRole(t.Context(), admin, role, access.UserRole)
				case 1:
					_, err = r.of(1).UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{access.UserRole, role}})
				case 2:
					_, err = r.of(2).CreateUsers(t.Context(), admin, []account.NewUser{newUser(fmt.Sprintf("user%d@example.org", round))})
				}
				return err
			})
			if errs[0] != nil || errs[2] != nil {
				t.Fatal(errs)
			}
			wantOnly(t, errs, "", account.CodeInvalid)
			settings := must(r.ApplicationSettings(t.Context(), admin))
			made := r.find(r.userID(fmt.Sprintf("user%d@example.org", round)))
			if slices.Contains(settings.DefaultRoleIDs, role) || made.RoleIDs == nil || slices.Contains(made.RoleIDs, role) {
				t.Fatalf("role %d is named by %v, and among %v", role, settings.DefaultRoleIDs, made.RoleIDs)
			}
		}
	})
}

// Limits hold over several servers: of keys, invitations and messages.
func TestReplicasKeepLimits(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.caller(1)
		owner := r.caller(r.user("ada@example.org"))
		r.write(func(ctx context.Context, tx account.Tx) error {
			for i := range apikey.MaxNamedKeys - 3 {
				k := account.APIKey{UserID: owner.User.ID, Kind: account.APIKeyNamed, Name: "key", Created: start}
				k.Hash[0] = byte(i)
				if _, err := tx.InsertAPIKey(ctx, k); err != nil {
					return err
				}
			}
			return nil
		})
		count := codes(parallel(9, func(i int) error {
			_, _, err := r.of(i).CreateKey(t.Context(), owner, apikey.NewAPIKey{Name: "key"})
			return err
		}))
		if count[""] != 3 || count[account.CodeTooManyKeys] != 6 {
			t.Errorf("keys: %v", count)
		}
		if count := codes(parallel(6, func(i int) error {
			_, err := r.of(i).RenewContractKey(t.Context(), owner)
			return err
		})); count[""] != 6 || len(must(r.store.under.APIKeysOf(t.Context(), owner.User.ID))) != apikey.MaxNamedKeys+1 {
			t.Errorf("contract keys: %v", count)
		}
		if count := codes(parallel(9, func(i int) error {
			return r.of(i).InviteUser(t.Context(), admin, owner.User.ID)
		})); count[""] != 3 || count[account.CodeTooManyRequests] != 6 {
			t.Errorf("invitations: %v", count)
		}
	})
}

// Servers that tend the same database at once do each thing once.
func TestReplicasTendOnce(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		r.user("ada@example.org")
		for i := range 12 {
			if _, err := r.try("nobody@example.org", wrong, source(i)); err == nil {
				t.Fatal("nobody came in")
			}
		}
		admin := r.caller(1)
		i := must(r.BeginImport(t.Context(), admin, false))
		if _, _, err := r.AddImportRows(t.Context(), admin, i.ID, 1, rowsOf(1, 20)); err != nil {
			t.Fatal(err)
		}
		r.clock.advance(2 * time.Minute)
		for _, err := range parallel(6, func(n int) error {
			if n%2 == 0 {
				_, err := r.of(n).FinishImport(t.Context(), admin, i.ID)
				return err
			}
			return r.of(n).SealActivity(t.Context())
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		r.seal()
		for action, want := range map[account.Action]int{account.ActionSignInFailed: 12, account.ActionUserUpdate: 20, account.ActionImportFinish: 1} {
			entries := must(r.store.under.Activity(t.Context(), account.ActivityQuery{ActivityFilter: account.ActivityFilter{Action: string(action)}, Limit: 99}))
			if len(entries) != want {
				t.Errorf("%d entries of %s, want %d", len(entries), action, want)
			}
		}
		if report := r.verify(nil); report.FindingCount != 0 {
			t.Errorf("the log was found %+v", report.Findings)
		}
		for _, err := range parallel(3, func(n int) error { return r.of(n).Sweep(t.Context()) }) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// What was taken from a role stays taken, and what was set then stays set, although
// its holder's own changes of both wait for the same locks at that moment.
func TestReplicasKeepWhatWasTaken(t *testing.T) {
	const rounds, hands = 8, 6
	read := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead}}
	full := slices.Concat(read, []access.PermissionRequest{
		{Entity: access.EntityRole, Action: access.ActionRead}, {Entity: access.EntityRole, Action: access.ActionEdit},
		{Entity: access.EntityApplicationSettings, Action: access.ActionRead}, {Entity: access.EntityApplicationSettings, Action: access.ActionEdit},
	})
	changes := map[string]func(s *service.Service, ctx context.Context, caller *account.Principal, role int64) error{
		"role": func(s *service.Service, ctx context.Context, caller *account.Principal, role int64) error {
			_, err := s.SetRolePermissions(ctx, caller, role, full)
			return err
		},
		"settings": func(s *service.Service, ctx context.Context, caller *account.Principal, _ int64) error {
			_, err := s.UpdateApplicationSettings(ctx, caller, settings.ApplicationUpdate{ActivityDays: ptr(50)})
			return err
		},
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin, role := r.caller(1), r.role()
		holder := r.caller(r.user("ann@example.org", role))
		for name, change := range changes {
			for range rounds {
				must(r.SetRolePermissions(t.Context(), admin, role, full))
				var taken atomic.Bool
				begun := make(chan struct{})
				begin := sync.OnceFunc(func() { close(begun) })
				errs := parallel(hands+1, func(i int) error {
					if i < hands {
						defer begin()
						for !taken.Load() {
							if err := change(r.of(i), t.Context(), holder, role); err != nil {
								return err
							}
							begin()
						}
						return nil
					}
					<-begun
					defer taken.Store(true)
					if _, err := r.of(1).SetRolePermissions(t.Context(), admin, role, read); err != nil {
						return err
					}
					_, err := r.of(1).UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{ActivityDays: ptr(100)})
					return err
				})
				if errs[hands] != nil {
					t.Fatal(errs[hands])
				}
				wantOnly(t, errs, "", account.CodeForbidden)
				if left := must(r.Role(t.Context(), admin, role)).Permissions; len(left) != len(read) {
					t.Fatalf("%s: the role permits %v again", name, left)
				}
				if days := must(r.ApplicationSettings(t.Context(), admin)).ActivityDays; days != 100 {
					t.Fatalf("%s: the settings were changed afterwards, to %d days", name, days)
				}
			}
		}
	})
}
