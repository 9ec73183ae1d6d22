package service_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// operations calls each operation that has a caller, with an input that is fine.
var operations = map[string]func(context.Context, *service.Service, *account.Principal) error{
	"ContractKey": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.ContractKey(ctx, p)
		return err
	},
	"RenewContractKey": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.RenewContractKey(ctx, p)
		return err
	},
	"CreateKey": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, _, err := s.CreateKey(ctx, p, apikey.NewAPIKey{Name: "x"})
		return err
	},
	"ListKeys": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.ListKeys(ctx, p, p.User.ID)
		return err
	},
	"EndKey": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.EndKey(ctx, p, 1)
	},
	"Sessions": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.Sessions(ctx, p, p.User.ID)
		return err
	},
	"EndSession": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.EndSession(ctx, p, 1)
	},
	"EndSessions": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.EndSessions(ctx, p, p.User.ID, false)
	},
	"ListUsers": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.ListUsers(ctx, p, func(account.User) error { return nil })
	},
	"User": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.User(ctx, p, p.User.ID)
		return err
	},
	"EncodedUser": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.EncodedUser(ctx, p, p.User.ID, func(account.User) ([]byte, error) { return nil, nil })
		return err
	},
	"CreateUsers": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.CreateUsers(ctx, p, []account.NewUser{newUser("new@example.org")})
		return err
	},
	"UpdateUser": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		for _, up := range []account.UserUpdate{{}, {Name: ptr("x")}, {Active: ptr(true)}, {Password: ptr(secret.New(next))}} {
			for _, id := range []int64{1, p.User.ID, 99} {
				if _, err := s.UpdateUser(ctx, p, id, up); account.ErrorCode(err) != account.CodePasswordChangeRequired {
					return err
				}
			}
		}
		_, err := s.UpdateUser(ctx, p, 1, account.UserUpdate{Name: ptr("x")})
		return err
	},
	"DeleteUser": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.DeleteUser(ctx, p, 1)
	},
	"ChangeUserRoles": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.ChangeUserRoles(ctx, p, p.User.ID, []int64{1}, nil)
		return err
	},
	"SetUserRoles": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.SetUserRoles(ctx, p, 1, []int64{1, 2})
		return err
	},
	"ListRoles": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.ListRoles(ctx, p, func(access.Role) error { return nil })
	},
	"ListRoleSummaries": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.ListRoleSummaries(ctx, p, 0, func(account.RoleSummary) error { return nil })
	},
	"CoveredRoles": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.CoveredRoles(ctx, p, []int64{2})
		return err
	},
	"Role": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.Role(ctx, p, 2)
		return err
	},
	"DefaultRoles": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.DefaultRoles(ctx, p)
		return err
	},
	"CreateRoles": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.CreateRoles(ctx, p, []account.NewRole{{Name: "New"}})
		return err
	},
	"CopyRole": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.CopyRole(ctx, p, 2, "New")
		return err
	},
	"UpdateRole": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.UpdateRole(ctx, p, 2, account.RoleUpdate{})
		return err
	},
	"SetRolePermissions": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.SetRolePermissions(ctx, p, 2, nil)
		return err
	},
	"ReplaceRolePermissions": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.ReplaceRolePermissions(ctx, p, 2, nil, nil)
		return err
	},
	"DeleteRole": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.DeleteRole(ctx, p, 2, 0)
	},
	"UserByEmail": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.UserByEmail(ctx, p, adminEmail)
		return err
	},
	"FindUsers": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.FindUsers(ctx, p, account.UserFilter{}, account.SortByID, "", 1)
		return err
	},
	"InviteUser": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.InviteUser(ctx, p, 1)
	},
	"BeginImport": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.BeginImport(ctx, p, true)
		return err
	},
	"Import": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.Import(ctx, p, 1)
		return err
	},
	"AddImportRows": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, _, err := s.AddImportRows(ctx, p, 1, 1, nil)
		return err
	},
	"FinishImport": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.FinishImport(ctx, p, 1)
		return err
	},
	"UndoImport": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.UndoImport(ctx, p, 1)
		return err
	},
	"Overview": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.Overview(ctx, p, time.UTC)
		return err
	},
	"ListMail": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.ListMail(ctx, p)
		return err
	},
	"Mail": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, err := s.Mail(ctx, p, 1)
		return err
	},
	"Activity": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		_, _, err := s.Activity(ctx, p, account.ActivityFilter{}, "", 1)
		return err
	},
	"ExportActivity": func(ctx context.Context, s *service.Service, p *account.Principal) error {
		return s.ExportActivity(ctx, p, account.ActivityFilter{}, func(account.StoredActivity) error { return nil })
	},
}

// allowedBeforeChange are the operations with a caller that one may call before
// he has changed a password that was given to him.
var allowedBeforeChange = []string{"ChangePassword", "RenewSession", "SignOut"}

func TestPasswordChangeRequired(t *testing.T) {
	f := newFixture(t)
	id := f.user("second@example.org", access.AdministratorRole)
	if err := f.update(id, account.UserUpdate{Password: ptr(secret.New(wrong))}); err != nil {
		t.Fatal(err)
	}
	before := f.users()
	caller := f.principal(f.signIn("second@example.org", wrong))
	if !caller.Access.Administrator {
		t.Error("whoami does not tell who he is")
	}
	for name, call := range operations {
		if err := call(t.Context(), f.Service, caller); account.ErrorCode(err) != account.CodePasswordChangeRequired {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := f.users(); !reflect.DeepEqual(before, after) {
		t.Errorf("the users were %+v and are %+v", before, after)
	}
	if err := f.change(caller, wrong, next); err != nil {
		t.Errorf("ChangePassword: %v", err)
	}
	if err := f.SignOut(t.Context(), caller); err != nil {
		t.Errorf("SignOut: %v", err)
	}
}

// A principal that was loaded before the reset does not help.
func TestPasswordChangeRequiredAtOnce(t *testing.T) {
	f := newFixture(t)
	caller := f.as(adminEmail)
	f.write(func(ctx context.Context, tx account.Tx) error {
		return tx.SetPassword(ctx, 1, f.hash, true, f.clock.Now())
	})
	for _, name := range []string{"CreateUsers", "DeleteUser", "SetUserRoles"} {
		wantCode(t, operations[name](t.Context(), f.Service, caller), account.CodePasswordChangeRequired)
	}
}

// inTransaction reports whether a function runs inside a transaction of its caller, or
// gives one to a function that it is given. Such methods are what operations of several
// nouns are built from.
func inTransaction(function reflect.Type) bool {
	for parameter := range function.Ins() {
		switch {
		case parameter == reflect.TypeFor[account.Tx](), parameter == reflect.TypeFor[account.Reader]():
			return true
		case parameter.Kind() == reflect.Func && inTransaction(parameter):
			return true
		}
	}
	return false
}

// Every operation with a caller is in one of the two lists above.
func TestOperationsAreListed(t *testing.T) {
	service, principal := reflect.TypeFor[*service.Service](), reflect.TypeFor[*account.Principal]()
	found := 0
	for method := range service.Methods() {
		if inTransaction(method.Type) {
			continue
		}
		takesCaller := false
		for parameter := range method.Type.Ins() {
			takesCaller = takesCaller || parameter == principal
		}
		if !takesCaller {
			continue
		}
		found++
		_, required := operations[method.Name]
		if required == slices.Contains(allowedBeforeChange, method.Name) {
			t.Errorf("%s must be in operations or in allowedBeforeChange", method.Name)
		}
	}
	if found != len(operations)+len(allowedBeforeChange) {
		t.Errorf("%d operations have a caller, and %d are listed", found, len(operations)+len(allowedBeforeChange))
	}
}
