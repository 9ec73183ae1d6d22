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
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Nobody assigns a role that was given more than he covers a moment before: what he
// assigned was, in the order of the activity log, the role as it was until then.
func TestReplicasPreventEscalation(t *testing.T) {
	const rounds = 40
	all := func(entity access.Entity, action access.Action) access.Permission {
		return access.Permission{Entity: entity, Action: action, Scope: access.ScopeAll}
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		manager := r.principal(r.AddUser("manager@example.org", r.AddRole(
			all(access.EntityUser, access.ActionRead), all(access.EntityUser, access.ActionEditAccess),
			all(access.EntityRole, access.ActionRead), all(access.EntityRole, access.ActionAssign),
		)))
		nothing := r.AddRole()
		more := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead},
			{Entity: access.EntityUser, Action: access.ActionDelete}}
		for round := range rounds {
			role := r.AddRole()
			id := r.AddUser(fmt.Sprintf("user%d@example.org", round), nothing)
			errs := servicetest.Parallel(2, func(i int) (err error) {
				if i == 0 {
					_, err = r.server(1).SetRolePermissions(t.Context(), admin, role, more)
				} else {
					_, err = r.server(2).SetUserRoles(t.Context(), manager, id, []int64{role})
				}
				return err
			})
			if errs[0] != nil {
				t.Fatal(errs[0])
			}
			wantOnly(t, errs, "", account.CodeForbidden)
			var order []account.Action
			for _, a := range servicetest.Must(r.Store.Inner.Activity(t.Context(), account.ActivityQuery{Limit: 2})) {
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
		"deactivate": demotions["deactivate"],
		"delete":     demotions["delete"],
		"reset": func(s *service.Service, ctx context.Context, admin *account.Principal, id int64) error {
			_, err := s.UpdateUser(ctx, admin, id, account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
			return err
		},
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		for name, end := range ends {
			for round := range rounds {
				email := fmt.Sprintf("%s%d@example.org", name, round)
				id := r.AddUser(email)
				stolen := r.principal(id)
				errs := servicetest.Parallel(5, func(i int) error {
					switch i {
					case 0:
						return end(r.server(0), t.Context(), admin, id)
					case 1:
						_, _, err := r.server(1).CreateKey(t.Context(), stolen, apikey.NewAPIKey{Name: "key"})
						return err
					default:
						_, err := r.server(i).SignIn(t.Context(), email, secret.New(servicetest.Password),
							account.Origin{ClientNetwork: servicetest.ClientNetwork(i)})
						return err
					}
				})
				if errs[0] != nil {
					t.Fatal(errs[0])
				}
				wantOnly(t, errs, "", account.CodeUnauthorized, account.CodeInvalidCredentials, account.CodeTooManyRequests)
				long := r.Clock.Now().Add(-time.Hour)
				if live := servicetest.Must(r.Store.Inner.SessionsOf(t.Context(), id, long, long, 9)); len(live) > 0 {
					t.Fatalf("%s left %d sessions: %v", name, len(live), errs)
				}
				// Of who is deactivated the keys rest.
				if keys := servicetest.Must(r.Store.Inner.APIKeysOf(t.Context(), id)); name != "deactivate" && len(keys) > 0 {
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
		r.WriteStore(func(ctx context.Context, tx account.Tx) error {
			for i := range messages {
				email := fmt.Sprintf("user%d@example.org", i/3) // three an hour is the most
				if i%3 == 0 {
					if _, err := r.StoreUserIn(ctx, tx,
						account.User{Email: email, Active: true, RoleIDs: access.DefaultRoles}); err != nil {
						return err
					}
				}
				now := r.Clock.Now()
				if _, err := tx.InsertMail(ctx, account.Mail{
					Kind: account.MailRecovery, State: account.MailRequested, Address: email, Created: now, NextAttempt: now,
					Expires: now.Add(time.Hour),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		delivered := map[int64]int{}
		for _, err := range servicetest.Parallel(workers, func(i int) error {
			for {
				d, err := r.server(i).ClaimMail(t.Context())
				if err != nil {
					return err
				}
				if d == nil {
					if _, err := r.Store.Inner.DueMail(t.Context(), r.Clock.Now()); err == nil {
						continue // others hold what is left
					}
					return nil
				}
				mu.Lock()
				delivered[d.MailID]++
				mu.Unlock()
				if err := r.server(i).MailDelivered(t.Context(), d); err != nil {
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
		admin := r.principal(1)
		for round := 1; round <= 10; round++ {
			idle, name := time.Duration(4+round)*time.Minute, fmt.Sprint("Sender ", round)
			ups := []settings.ServerUpdate{{SenderName: &name}, {SessionIdle: &idle},
				{SessionAbsolute: new(idle + account.SessionIdle)}}
			for _, err := range servicetest.Parallel(len(ups), func(i int) error {
				_, err := r.server(i).UpdateServerSettings(t.Context(), admin, ups[i])
				return err
			}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			got := servicetest.Must(r.ServerSettings(t.Context(), admin))
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
		admin := r.principal(1)
		for round := range 15 {
			role := r.AddRole()
			if round%2 == 0 {
				servicetest.Must(r.UpdateApplicationSettings(t.Context(), admin,
					settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{role}}))
			}
			errs := servicetest.Parallel(3, func(i int) (err error) {
				switch i {
				case 0:
					err = r.server(0).DeleteRole(t.Context(), admin, role, access.UserRole)
				case 1:
					_, err = r.server(1).UpdateApplicationSettings(t.Context(), admin,
						settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{access.UserRole, role}})
				case 2:
					_, err = r.server(2).CreateUsers(t.Context(), admin,
						[]account.NewUser{servicetest.NewUser(fmt.Sprintf("user%d@example.org", round))})
				}
				return err
			})
			if errs[0] != nil || errs[2] != nil {
				t.Fatal(errs)
			}
			wantOnly(t, errs, "", account.CodeInvalid)
			settings := servicetest.Must(r.ApplicationSettings(t.Context(), admin))
			made := r.StoredUser(r.UserID(fmt.Sprintf("user%d@example.org", round)))
			if slices.Contains(settings.DefaultRoleIDs, role) || made.RoleIDs == nil || slices.Contains(made.RoleIDs, role) {
				t.Fatalf("role %d is named by %v, and among %v", role, settings.DefaultRoleIDs, made.RoleIDs)
			}
		}
	})
}

// Limits hold over several servers: of keys, invitations and messages.
func TestReplicasKeepLimits(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		owner := r.principal(r.AddUser("ada@example.org"))
		r.WriteStore(func(ctx context.Context, tx account.Tx) error {
			for i := range apikey.MaxNamedKeys - 3 {
				k := account.APIKey{UserID: owner.User.ID, Kind: account.APIKeyNamed, Name: "key", Created: servicetest.Start}
				k.Hash[0] = byte(i)
				if _, err := tx.InsertAPIKey(ctx, k); err != nil {
					return err
				}
			}
			return nil
		})
		count := servicetest.CountCodes(servicetest.Parallel(9, func(i int) error {
			_, _, err := r.server(i).CreateKey(t.Context(), owner, apikey.NewAPIKey{Name: "key"})
			return err
		}))
		if count[""] != 3 || count[account.CodeTooManyKeys] != 6 {
			t.Errorf("keys: %v", count)
		}
		if count := servicetest.CountCodes(servicetest.Parallel(6, func(i int) error {
			_, err := r.server(i).RenewContractKey(t.Context(), owner)
			return err
		})); count[""] != 6 ||
			len(servicetest.Must(r.Store.Inner.APIKeysOf(t.Context(), owner.User.ID))) != apikey.MaxNamedKeys+1 {
			t.Errorf("contract keys: %v", count)
		}
		if count := servicetest.CountCodes(servicetest.Parallel(9, func(i int) error {
			return r.server(i).InviteUser(t.Context(), admin, owner.User.ID)
		})); count[""] != 3 || count[account.CodeTooManyRequests] != 6 {
			t.Errorf("invitations: %v", count)
		}
	})
}

// Servers that tend the same database at once do each thing once.
func TestReplicasTendOnce(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		r.AddUser("ada@example.org")
		for i := range 12 {
			if _, err := r.SignInFrom("nobody@example.org", servicetest.WrongPassword,
				servicetest.ClientNetwork(i)); err == nil {
				t.Fatal("nobody came in")
			}
		}
		admin := r.principal(1)
		i := servicetest.Must(r.BeginImport(t.Context(), admin, false))
		if _, _, err := r.AddImportRows(t.Context(), admin, i.ID, 1, servicetest.ImportRows(1, 20)); err != nil {
			t.Fatal(err)
		}
		r.Clock.Advance(2 * time.Minute)
		for _, err := range servicetest.Parallel(6, func(n int) error {
			if n%2 == 0 {
				_, err := r.server(n).FinishImport(t.Context(), admin, i.ID)
				return err
			}
			return r.server(n).SealActivity(t.Context())
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		r.Seal()
		for action, want := range map[account.Action]int{account.ActionSignInFailed: 12, account.ActionUserUpdate: 20,
			account.ActionImportFinish: 1} {
			entries := servicetest.Must(r.Store.Inner.Activity(t.Context(),
				account.ActivityQuery{ActivityFilter: account.ActivityFilter{Action: string(action)}, Limit: 99}))
			if len(entries) != want {
				t.Errorf("%d entries of %s, want %d", len(entries), action, want)
			}
		}
		if report := r.Verify(nil); report.FindingCount != 0 {
			t.Errorf("the log was found %+v", report.Findings)
		}
		for _, err := range servicetest.Parallel(3, func(n int) error { return r.server(n).Sweep(t.Context()) }) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// What was taken from a role stays taken, and what was set then stays set, although
// its holder's own changes of both wait for the same locks at that moment.
func TestReplicasKeepRevocations(t *testing.T) {
	const rounds, hands = 8, 6
	read := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead}}
	full := slices.Concat(read, []access.PermissionRequest{
		{Entity: access.EntityRole, Action: access.ActionRead}, {Entity: access.EntityRole, Action: access.ActionEdit},
		{Entity: access.EntityApplicationSettings, Action: access.ActionRead}, {Entity: access.EntityApplicationSettings,
			Action: access.ActionEdit},
	})
	changes := map[string]func(s *service.Service, ctx context.Context, caller *account.Principal, role int64) error{
		"role": func(s *service.Service, ctx context.Context, caller *account.Principal, role int64) error {
			_, err := s.SetRolePermissions(ctx, caller, role, full)
			return err
		},
		"settings": func(s *service.Service, ctx context.Context, caller *account.Principal, _ int64) error {
			_, err := s.UpdateApplicationSettings(ctx, caller, settings.ApplicationUpdate{ActivityDays: new(50)})
			return err
		},
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin, role := r.principal(1), r.AddRole()
		holder := r.principal(r.AddUser("ann@example.org", role))
		for name, change := range changes {
			for range rounds {
				servicetest.Must(r.SetRolePermissions(t.Context(), admin, role, full))
				var taken atomic.Bool
				begun := make(chan struct{})
				begin := sync.OnceFunc(func() { close(begun) })
				errs := servicetest.Parallel(hands+1, func(i int) error {
					if i < hands {
						defer begin()
						for !taken.Load() {
							if err := change(r.server(i), t.Context(), holder, role); err != nil {
								return err
							}
							begin()
						}
						return nil
					}
					<-begun
					defer taken.Store(true)
					if _, err := r.server(1).SetRolePermissions(t.Context(), admin, role, read); err != nil {
						return err
					}
					_, err := r.server(1).UpdateApplicationSettings(t.Context(), admin,
						settings.ApplicationUpdate{ActivityDays: new(100)})
					return err
				})
				if errs[hands] != nil {
					t.Fatal(errs[hands])
				}
				wantOnly(t, errs, "", account.CodeForbidden)
				if left := servicetest.Must(r.Role(t.Context(), admin, role)).Permissions; len(left) != len(read) {
					t.Fatalf("%s: the role permits %v again", name, left)
				}
				if days := servicetest.Must(r.ApplicationSettings(t.Context(), admin)).ActivityDays; days != 100 {
					t.Fatalf("%s: the settings were changed afterwards, to %d days", name, days)
				}
			}
		}
	})
}
