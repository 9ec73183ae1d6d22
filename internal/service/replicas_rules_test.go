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

// One server gives a role permissions that the manager lacks, while the manager assigns the role on
// another server. The assignment succeeds only if it comes first, also in the activity log.
func TestReplicasPreventEscalation(t *testing.T) {
	const rounds = 40
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		manager := r.principal(r.AddUser("manager@example.org", r.AddRole(
			servicetest.Permissions("user:read", "user:edit-access", "role:read", "role:assign")...,
		)))
		empty := r.AddRole()
		more := servicetest.RequestsFor(servicetest.Permissions("user:read", "user:delete")...)
		for round := range rounds {
			role := r.AddRole()
			id := r.AddUser(fmt.Sprintf("user%d@example.org", round), empty)
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
				order = append(order, a.Action) // the newest entry comes first
			}
			want := []account.Action{account.ActionRolePermissions, account.ActionUserRoles}
			if errs[1] == nil && !slices.Equal(order, want) {
				t.Fatalf("the role was assigned after it gained permissions: %v", order)
			}
		}
	})
}

// A session or key that is created during a revocation does not survive the revocation.
func TestReplicasLeaveNoAccess(t *testing.T) {
	const rounds = 10
	revocations := map[string]func(s *service.Service, ctx context.Context, admin *account.Principal, id int64) error{
		"deactivate": demotions["deactivate"],
		"delete":     demotions["delete"],
		"reset": func(s *service.Service, ctx context.Context, admin *account.Principal, id int64) error {
			_, err := s.UpdateUser(ctx, admin, id, account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
			return err
		},
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		for name, revoke := range revocations {
			for round := range rounds {
				email := fmt.Sprintf("%s%d@example.org", name, round)
				id := r.AddUser(email)
				stolen := r.principal(id)
				errs := servicetest.Parallel(5, func(i int) error {
					switch i {
					case 0:
						return revoke(r.server(0), t.Context(), admin, id)
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
				since := r.Clock.Now().Add(-time.Hour)
				if live := servicetest.Must(r.Store.Inner.SessionsOf(t.Context(), id, since, since, 9)); len(live) > 0 {
					t.Fatalf("%s left %d sessions: %v", name, len(live), errs)
				}
				// Deactivation keeps the API keys, but they do not authenticate.
				if keys := servicetest.Must(r.Store.Inner.APIKeysOf(t.Context(), id)); name != "deactivate" && len(keys) > 0 {
					t.Fatalf("%s left %d keys: %v", name, len(keys), errs)
				}
			}
		}
	})
}

// Workers on several servers deliver each message once.
func TestReplicasDeliverOnce(t *testing.T) {
	const messages, workers = 200, 6
	onReplicas(t, func(t *testing.T, r *replicas) {
		r.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			for i := range messages {
				email := fmt.Sprintf("user%d@example.org", i/3) // a user may get three messages in an hour
				if i%3 == 0 {
					u := account.User{Email: email, Active: true, RoleIDs: access.DefaultRoles}
					if _, err := r.StoreUserIn(ctx, tx, u); err != nil {
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
						continue // other workers have locked the remaining messages in the database
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

// Several servers concurrently change different settings. Every change is kept.
func TestReplicasKeepEverySetting(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		for round := 1; round <= 10; round++ {
			idle, name := time.Duration(4+round)*time.Minute, fmt.Sprint("Sender ", round)
			ups := []settings.ServerUpdate{
				{SenderName: &name}, {SessionIdle: &idle}, {SessionAbsolute: new(idle + account.SessionIdle)},
			}
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
				t.Fatalf("round %d: the settings are %+v", round, got)
			}
		}
	})
}

// A role is deleted while another server makes it a default role, and a third creates a user.
// Afterwards neither the default roles nor the user's roles include the deleted role.
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
			user := r.StoredUser(r.UserID(fmt.Sprintf("user%d@example.org", round)))
			if slices.Contains(settings.DefaultRoleIDs, role) || user.RoleIDs == nil || slices.Contains(user.RoleIDs, role) {
				t.Fatalf("role %d is deleted; the default roles are %v, those of the user %v",
					role, settings.DefaultRoleIDs, user.RoleIDs)
			}
		}
	})
}

// A role becomes a default role while another server gives it the permission to create users.
// Only one of the two changes is made, otherwise each new user could create further ones.
func TestReplicasKeepDefaultRolesHarmless(t *testing.T) {
	const rounds = 40
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		more := servicetest.RequestsFor(servicetest.Permit("user:create"))
		for range rounds {
			role := r.AddRole()
			errs := servicetest.Parallel(2, func(i int) (err error) {
				if i == 0 {
					_, err = r.server(1).SetRolePermissions(t.Context(), admin, role, more)
				} else {
					_, err = r.server(2).UpdateApplicationSettings(t.Context(), admin,
						settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{access.UserRole, role}})
				}
				return err
			})
			if wantOnly(t, errs, "", account.CodeInvalid)[""] != 1 {
				t.Fatalf("the outcomes are %v", errs)
			}
		}
	})
}

// The limits on keys and invitations hold across servers.
func TestReplicasKeepLimits(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		owner := r.principal(r.AddUser("ada@example.org"))
		r.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			for i := range apikey.MaxNamedKeys - 3 {
				k := account.APIKey{
					UserID: owner.User.ID, Kind: account.APIKeyNamed, Name: "key", Created: servicetest.Start,
				}
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
			t.Errorf("the outcomes for keys are %v", count)
		}
		count = servicetest.CountCodes(servicetest.Parallel(6, func(i int) error {
			_, err := r.server(i).RenewContractKey(t.Context(), owner)
			return err
		}))
		keys := servicetest.Must(r.Store.Inner.APIKeysOf(t.Context(), owner.User.ID))
		if count[""] != 6 || len(keys) != apikey.MaxNamedKeys+1 {
			t.Errorf("the outcomes for contract keys are %v; there are %d keys", count, len(keys))
		}
		count = servicetest.CountCodes(servicetest.Parallel(9, func(i int) error {
			return r.server(i).InviteUser(t.Context(), admin, owner.User.ID)
		}))
		if count[""] != 3 || count[account.CodeTooManyRequests] != 6 {
			t.Errorf("the outcomes for invitations are %v", count)
		}
	})
}

// Several servers run background work on the same database. Each piece of work is done once.
func TestReplicasRunBackgroundWorkOnce(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		r.AddUser("ada@example.org")
		for i := range 12 {
			_, err := r.SignInFrom("nobody@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(i))
			if err == nil {
				t.Fatal("an unknown user signed in")
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
		for action, want := range map[account.Action]int{
			account.ActionSignInFailed: 12, account.ActionUserUpdate: 20, account.ActionImportFinish: 1,
		} {
			q := account.ActivityQuery{ActivityFilter: account.ActivityFilter{Action: string(action)}, Limit: 99}
			entries := servicetest.Must(r.Store.Inner.Activity(t.Context(), q))
			if len(entries) != want {
				t.Errorf("%d entries of %s, want %d", len(entries), action, want)
			}
		}
		if report := r.Verify(nil); report.FindingCount != 0 {
			t.Errorf("the verification has the findings %+v", report.Findings)
		}
		for _, err := range servicetest.Parallel(3, func(n int) error { return r.server(n).Sweep(t.Context()) }) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// An administrator removes permissions from a role and then changes settings. A user with the role
// concurrently tries to revert both changes, and waits for the same locks. Both changes of the
// administrator remain in force.
func TestReplicasKeepRevocations(t *testing.T) {
	const rounds, writers = 8, 6
	read := servicetest.RequestsFor(servicetest.Permissions("user:read")...)
	held := servicetest.Permissions(
		"user:read", "role:read", "role:edit", "application-settings:read", "application-settings:edit")
	full := servicetest.RequestsFor(held...)
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
		admin, role := r.principal(1), r.AddRole(held...)
		user := r.principal(r.AddUser("ann@example.org", role))
		for name, change := range changes {
			for range rounds {
				servicetest.Must(r.SetRolePermissions(t.Context(), admin, role, full))
				var removed atomic.Bool
				started := make(chan struct{})
				start := sync.OnceFunc(func() { close(started) })
				errs := servicetest.Parallel(writers+1, func(i int) error {
					if i < writers {
						defer start()
						for !removed.Load() {
							if err := change(r.server(i), t.Context(), user, role); err != nil {
								return err
							}
							start()
						}
						return nil
					}
					<-started
					defer removed.Store(true)
					if _, err := r.server(1).SetRolePermissions(t.Context(), admin, role, read); err != nil {
						return err
					}
					_, err := r.server(1).UpdateApplicationSettings(t.Context(), admin,
						settings.ApplicationUpdate{ActivityDays: new(100)})
					return err
				})
				if errs[writers] != nil {
					t.Fatal(errs[writers])
				}
				wantOnly(t, errs, "", account.CodeForbidden)
				if left := servicetest.Must(r.Role(t.Context(), admin, role)).Permissions; len(left) != len(read) {
					t.Fatalf("%s: the role has the permissions %v again", name, left)
				}
				if days := servicetest.Must(r.ApplicationSettings(t.Context(), admin)).ActivityDays; days != 100 {
					t.Fatalf("%s: the settings were changed afterwards, to %d days", name, days)
				}
			}
		}
	})
}
