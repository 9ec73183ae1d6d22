package service_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// rolesInSettings is a group of settings that names roles.
type rolesInSettings struct {
	name   func(ctx context.Context, s *service.Service, caller *account.Principal, role int64) error
	change func(ctx context.Context, s *service.Service, caller *account.Principal, n int) error // another setting
	// read returns the named roles, and whether the other setting is as change(n) has left it.
	read func(ctx context.Context, s *service.Service, caller *account.Principal, n int) (roles []int64, kept bool)
}

// groupOf returns a group of LDAP or SAML that gives a role to its members.
func groupOf(role int64) *[]account.AllowedGroup {
	return &[]account.AllowedGroup{{Name: "staff", DefaultRoleIDs: []int64{role}}}
}

var settingsWithRoles = map[string]rolesInSettings{
	"application": {
		name: func(ctx context.Context, s *service.Service, caller *account.Principal, role int64) error {
			up := settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{role}}
			_, err := s.UpdateApplicationSettings(ctx, caller, up)
			return err
		},
		change: func(ctx context.Context, s *service.Service, caller *account.Principal, n int) error {
			_, err := s.UpdateApplicationSettings(ctx, caller, settings.ApplicationUpdate{DefaultProfileID: &n})
			return err
		},
		read: func(ctx context.Context, s *service.Service, caller *account.Principal, n int) ([]int64, bool) {
			got := servicetest.Must(s.ApplicationSettings(ctx, caller))
			return got.DefaultRoleIDs, got.DefaultProfileID == n
		},
	},
	"LDAP": {
		name: func(ctx context.Context, s *service.Service, caller *account.Principal, role int64) error {
			_, err := s.UpdateLDAPConfiguration(ctx, caller, settings.LDAPUpdate{AllowedGroups: groupOf(role)})
			return err
		},
		change: func(ctx context.Context, s *service.Service, caller *account.Principal, n int) error {
			base := new(fmt.Sprint("ou=", n))
			_, err := s.UpdateLDAPConfiguration(ctx, caller, settings.LDAPUpdate{UserSearchBase: &base})
			return err
		},
		read: func(ctx context.Context, s *service.Service, caller *account.Principal, n int) ([]int64, bool) {
			got := servicetest.Must(s.LDAPConfiguration(ctx, caller))
			return got.AllowedGroups[0].DefaultRoleIDs, account.Deref(got.UserSearchBase) == fmt.Sprint("ou=", n)
		},
	},
	"SAML": {
		name: func(ctx context.Context, s *service.Service, caller *account.Principal, role int64) error {
			_, err := s.UpdateSAMLConfiguration(ctx, caller, settings.SAMLUpdate{AllowedGroups: groupOf(role)})
			return err
		},
		change: func(ctx context.Context, s *service.Service, caller *account.Principal, n int) error {
			_, err := s.UpdateSAMLConfiguration(ctx, caller, settings.SAMLUpdate{ActivateCreatedUsers: new(n%2 == 1)})
			return err
		},
		read: func(ctx context.Context, s *service.Service, caller *account.Principal, n int) ([]int64, bool) {
			got := servicetest.Must(s.SAMLConfiguration(ctx, caller))
			return got.AllowedGroups[0].DefaultRoleIDs, got.ActivateCreatedUsers == (n%2 == 1)
		},
	},
}

// A role is deleted and replaced while another setting of a group that names the role is changed.
// In either order, the role is replaced and the change is kept.
func TestReplicasKeepSettingsOfReplacedRoles(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		for name, group := range settingsWithRoles {
			for n, deletedFirst := range []bool{false, true} {
				role, replacement := r.AddRole(), r.AddRole()
				if err := group.name(t.Context(), r.Service, admin, role); err != nil {
					t.Fatal(err)
				}
				operations := []operation{
					func(ctx context.Context, s *service.Service) error { return group.change(ctx, s, admin, 3+n) },
					func(ctx context.Context, s *service.Service) error {
						return s.DeleteRole(ctx, admin, role, replacement)
					},
				}
				if deletedFirst {
					slices.Reverse(operations)
				}
				wantOnly(t, r.interleave(beforeCommit, operations[0], operations[1]), "")
				roles, kept := group.read(t.Context(), r.Service, admin, 3+n)
				if !slices.Equal(roles, []int64{replacement}) || !kept {
					t.Errorf("%s: the roles are %v, want %d; the change is kept: %v; the role was deleted first: %v",
						name, roles, replacement, kept, deletedFirst)
				}
			}
		}
	})
}

// Two changes of one group of settings, or of one role, at the same time. Both are kept, or the
// second one is refused.
func TestReplicasKeepBothChanges(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin, role := r.principal(1), r.AddRole()
		update := func(up account.RoleUpdate) operation {
			return func(ctx context.Context, s *service.Service) error {
				_, err := s.UpdateRole(ctx, admin, role, up)
				return err
			}
		}
		wantOnly(t, r.interleave(beforeCommit,
			update(account.RoleUpdate{Name: new("Both")}), update(account.RoleUpdate{Description: new("both")})), "")
		if got := r.StoredRole(role); got.Name != "Both" || got.Description != "both" {
			t.Errorf("the role is %q, %q; want both changes", got.Name, got.Description)
		}

		replace := func(permissions ...string) operation {
			return func(ctx context.Context, s *service.Service) error {
				wanted := servicetest.RequestsFor(servicetest.Permissions(permissions...)...)
				_, err := s.ReplaceRolePermissions(ctx, admin, role, nil, wanted)
				return err
			}
		}
		errs := r.interleave(beforeCommit, replace("user:read"), replace("role:read"))
		if count := wantOnly(t, errs, "", account.CodeRoleChanged); count[""] != 1 {
			t.Errorf("%d changes of the same permissions succeeded", count[""])
		}

		session := func(up settings.ServerUpdate) operation {
			return func(ctx context.Context, s *service.Service) error {
				_, err := s.UpdateServerSettings(ctx, admin, up)
				return err
			}
		}
		idle, absolute := account.SessionIdle/2, account.SessionAbsolute/2
		wantOnly(t, r.interleave(beforeCommit, session(settings.ServerUpdate{SessionIdle: &idle}),
			session(settings.ServerUpdate{SessionAbsolute: &absolute})), "")
		got := servicetest.Must(r.ServerSettings(t.Context(), admin))
		if got.SessionIdle != idle || got.SessionAbsolute != absolute {
			t.Errorf("sessions last for %v and %v, want %v and %v",
				got.SessionIdle, got.SessionAbsolute, idle, absolute)
		}
	})
}
