package service_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Two administrators give up the role at once. One of them remains.
func TestReplicasRefuseTheLastDemotion(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		last, created := int64(1), 0
		for _, pair := range [][2]string{
			{"delete", "delete"}, {"delete", "change roles"},
			{"change roles", "delete"}, {"change roles", "change roles"},
		} {
			created++
			ids := []int64{last, r.AddUser(fmt.Sprintf("admin%d@example.org", created), access.AdministratorRole)}
			giveUp := func(i int) operation {
				caller := r.principal(ids[i])
				return func(ctx context.Context, s *service.Service) error {
					return demotions[pair[i]](s, ctx, caller, ids[i])
				}
			}
			errs := r.interleave(beforeCommit, giveUp(0), giveUp(1))
			if left := countAdministrators(r.Fixture); left != 1 {
				t.Fatalf("%v: %d administrators are left: %v", pair, left, errs)
			}
			wantOnly(t, errs, "", account.CodeLastAdministrator)
			if errs[0] == nil {
				last = ids[1]
			}
		}
	})
}

// Helpers in a circle, each of whom takes the role from the next one, which is what lets them do
// so. As a helper whose role is taken cannot take another's afterwards, at least one is refused.
// That holds for any order of the transactions, since each of them locks its caller against
// changes.
func TestReplicasHoldTheCaller(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		helper := r.AddRole(servicetest.Permissions("user:read", "user:edit-access", "role:read", "role:assign")...)
		other := r.AddRole()
		created := 0
		for _, circle := range [][]int{{0, 1}, {0, 1, 2}, {0, 2, 1}} {
			for start := range circle {
				ids := make([]int64, len(circle))
				for i := range ids {
					created++
					ids[i] = r.AddUser(fmt.Sprintf("helper%d@example.org", created), helper, other)
				}
				var operations []operation // each of them takes the role from the caller of the one before it
				for i := range circle {
					at := (start - i + len(circle)) % len(circle)
					caller, next := r.principal(ids[circle[at]]), ids[circle[(at+1)%len(circle)]]
					operations = append(operations, func(ctx context.Context, s *service.Service) error {
						_, err := s.SetUserRoles(ctx, caller, next, []int64{other})
						return err
					})
				}
				errs := r.interleave(beforeCommit, operations[0], operations[1:]...)
				count := wantOnly(t, errs, "", account.CodeForbidden, account.CodeNotFound)
				if count[""] == len(circle) {
					t.Fatalf("circle %v from %d: each helper took the role of the next", circle, start)
				}
			}
		}
	})
}

// handedOn are the roles and the user of an operation in handOver.
type handedOn struct {
	role int64 // gains a permission while the operation runs
	held int64 // a role of the user
	user int64
}

// handOver are operations that give the permissions of a role to somebody, or take them away. A
// caller without these permissions may do neither.
var handOver = map[string]func(ctx context.Context, s *service.Service, caller *account.Principal, to handedOn) error{
	"copy": func(ctx context.Context, s *service.Service, caller *account.Principal, to handedOn) error {
		_, err := s.CopyRole(ctx, caller, to.role, fmt.Sprint("Copy of ", to.role))
		return err
	},
	"rename": func(ctx context.Context, s *service.Service, caller *account.Principal, to handedOn) error {
		_, err := s.UpdateRole(ctx, caller, to.role, account.RoleUpdate{Description: new("renamed")})
		return err
	},
	"remove the permissions": func(
		ctx context.Context, s *service.Service, caller *account.Principal, to handedOn,
	) error {
		_, err := s.SetRolePermissions(ctx, caller, to.role, nil)
		return err
	},
	"delete": func(ctx context.Context, s *service.Service, caller *account.Principal, to handedOn) error {
		return s.DeleteRole(ctx, caller, to.role, 0)
	},
	"replace another": func(ctx context.Context, s *service.Service, caller *account.Principal, to handedOn) error {
		return s.DeleteRole(ctx, caller, to.held, to.role)
	},
	"assign": func(ctx context.Context, s *service.Service, caller *account.Principal, to handedOn) error {
		_, err := s.ChangeUserRoles(ctx, caller, to.user, []int64{to.role}, nil)
		return err
	},
	"make a default role": func(
		ctx context.Context, s *service.Service, caller *account.Principal, to handedOn,
	) error {
		up := settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{to.role}}
		_, err := s.UpdateApplicationSettings(ctx, caller, up)
		return err
	},
}

// While an operation runs that the caller may do only with all permissions of a role, the caller
// loses a permission, and then the role gets this permission. The operation succeeds only if it
// comes before the change of the role, also in the activity log: the locked role has the
// permissions that the caller's rights were compared with.
func TestReplicasCompareRightsOfOneTime(t *testing.T) {
	kept := servicetest.Permissions("user:read", "user:edit-access", "role:read", "role:create", "role:edit",
		"role:delete", "role:assign", "application-settings:read", "application-settings:edit")
	moved := servicetest.Permit("mail:read") // a default role may have it
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		for name, operation := range handOver {
			own := r.AddRole(append(slices.Clone(kept), moved)...)
			caller := r.principal(r.AddUser(fmt.Sprintf("caller%d@example.org", own), own))
			to := handedOn{role: r.AddRole(), held: r.AddRole()}
			to.user = r.AddUser(fmt.Sprintf("user%d@example.org", own), to.held)
			errs := r.interleave(afterCallersRoles,
				func(ctx context.Context, s *service.Service) error { return operation(ctx, s, caller, to) },
				func(ctx context.Context, s *service.Service) error {
					if _, err := s.SetRolePermissions(ctx, admin, own, servicetest.RequestsFor(kept...)); err != nil {
						return err
					}
					gained := servicetest.RequestsFor(append(servicetest.Permissions("user:read"), moved)...)
					_, err := s.SetRolePermissions(ctx, admin, to.role, gained)
					return err
				})
			if errs[0] != nil && account.ErrorCode(errs[0]) != account.CodeForbidden {
				t.Fatalf("%s: %v", name, errs[0])
			}
			if errs[1] != nil && account.ErrorCode(errs[1]) != account.CodeNotFound { // the role was deleted before
				t.Fatalf("%s: %v", name, errs[1])
			}
			last := servicetest.Must(r.Store.Inner.Activity(t.Context(), account.ActivityQuery{Limit: 1}))[0]
			if errs[0] == nil && errs[1] == nil && last.Actor.ID != admin.User.ID {
				t.Errorf("%s: the caller had lost a permission that the role had got", name)
			}
		}
	})
}

// changeAccess are operations on a user for which the caller needs all permissions of the user.
var changeAccess = map[string]func(ctx context.Context, s *service.Service, caller *account.Principal, id int64) error{
	"set a password": func(ctx context.Context, s *service.Service, caller *account.Principal, id int64) error {
		_, err := s.UpdateUser(ctx, caller, id, account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
		return err
	},
	"deactivate": func(ctx context.Context, s *service.Service, caller *account.Principal, id int64) error {
		_, err := s.UpdateUser(ctx, caller, id, account.UserUpdate{Active: new(false)})
		return err
	},
	"invite": func(ctx context.Context, s *service.Service, caller *account.Principal, id int64) error {
		return s.InviteUser(ctx, caller, id)
	},
	"end the sessions": func(ctx context.Context, s *service.Service, caller *account.Principal, id int64) error {
		return s.EndSessions(ctx, caller, id, false)
	},
	"delete": func(ctx context.Context, s *service.Service, caller *account.Principal, id int64) error {
		return s.DeleteUser(ctx, caller, id)
	},
}

// While a caller changes the access of a user, the caller loses a permission, and then the user
// gets it by another role. The change succeeds only if it comes first, also in the activity log.
func TestReplicasHoldTheUser(t *testing.T) {
	kept := servicetest.Permissions("user:read", "user:edit-access", "user:delete", "session:read", "session:delete")
	moved := servicetest.Permit("role:read")
	type gain func(ctx context.Context, s *service.Service, admin *account.Principal, id, old, with int64) error
	gains := map[string]gain{
		"the role is replaced": func(
			ctx context.Context, s *service.Service, admin *account.Principal, _, old, with int64,
		) error {
			return s.DeleteRole(ctx, admin, old, with)
		},
		"the user gets a role": func(
			ctx context.Context, s *service.Service, admin *account.Principal, id, _, with int64,
		) error {
			_, err := s.ChangeUserRoles(ctx, admin, id, []int64{with}, nil)
			return err
		},
	}
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		for name, change := range changeAccess {
			for gainName, gainBy := range gains {
				own, old, with := r.AddRole(append(slices.Clone(kept), moved)...), r.AddRole(), r.AddRole(moved)
				caller := r.principal(r.AddUser(fmt.Sprintf("caller%d@example.org", own), own))
				id := r.AddUser(fmt.Sprintf("user%d@example.org", own), old)
				errs := r.interleave(afterCallersRoles,
					func(ctx context.Context, s *service.Service) error { return change(ctx, s, caller, id) },
					func(ctx context.Context, s *service.Service) error {
						_, err := s.SetRolePermissions(ctx, admin, own, servicetest.RequestsFor(kept...))
						if err != nil {
							return err
						}
						return gainBy(ctx, s, admin, id, old, with)
					})
				wantOnly(t, errs[:1], "", account.CodeForbidden)
				wantOnly(t, errs[1:], "", account.CodeNotFound) // the user was deleted before
				last := servicetest.Must(r.Store.Inner.Activity(t.Context(), account.ActivityQuery{Limit: 1}))[0]
				if errs[0] == nil && errs[1] == nil && last.Actor.ID != admin.User.ID {
					t.Errorf("%s, %s: the user had a permission that the caller had lost", name, gainName)
				}
			}
		}
	})
}

// A caller loses a permission while their change waits for a lock. The change is refused.
func TestReplicasReadRightsAfterWaiting(t *testing.T) {
	held := servicetest.Permissions(
		"user:read", "role:read", "role:edit", "application-settings:read", "application-settings:edit")
	full := servicetest.RequestsFor(held...)
	read := servicetest.RequestsFor(servicetest.Permissions("user:read")...)
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin, role := r.principal(1), r.AddRole(held...)
		caller := r.principal(r.AddUser("caller@example.org", role))
		setPermissions := func(caller *account.Principal, permissions []access.PermissionRequest) operation {
			return func(ctx context.Context, s *service.Service) error {
				_, err := s.SetRolePermissions(ctx, caller, role, permissions)
				return err
			}
		}
		setDays := func(caller *account.Principal, days int) operation {
			return func(ctx context.Context, s *service.Service) error {
				_, err := s.UpdateApplicationSettings(ctx, caller, settings.ApplicationUpdate{ActivityDays: &days})
				return err
			}
		}
		for name, run := range map[string]func() []error{ // the errors of the caller's change come last
			"role": func() []error {
				return r.interleave(beforeCommit, setPermissions(admin, read), setPermissions(caller, full))
			},
			"settings": func() []error {
				if r.engine == "sqlite" { // the last two are waiting and may run in any order
					return []error{account.Forbidden()}
				}
				errs := r.interleave(beforeCommit, setDays(admin, 50), setDays(caller, 60), setPermissions(admin, read))
				return []error{errs[0], errs[2], errs[1]}
			},
		} {
			servicetest.Must(r.SetRolePermissions(t.Context(), admin, role, full))
			errs := run()
			last := len(errs) - 1
			wantOnly(t, errs[:last], "")
			if account.ErrorCode(errs[last]) != account.CodeForbidden {
				t.Errorf("%s: the change of a caller without the permission: %v", name, errs[last])
			}
		}
	})
}
