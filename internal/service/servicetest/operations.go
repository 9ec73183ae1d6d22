package servicetest

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Operation calls one operation of the service s with valid input. p is the caller.
type Operation = func(ctx context.Context, s *service.Service, p *account.Principal) error

// Operations returns the operations that take a caller, by the name of the method. It leaves out
// those that a caller may use before a required password change.
func Operations() map[string]Operation {
	operations := map[string]Operation{
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
		"RevokeKeys": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.RevokeKeys(ctx, p, p.User.ID)
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
			_, err := s.CreateUsers(ctx, p, []account.NewUser{NewUser("new@example.org")})
			return err
		},
		"UpdateUser": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			for _, up := range []account.UserUpdate{
				{}, {ProfileUpdate: account.ProfileUpdate{
					Name: new("x"),
				}}, {Active: new(true)}, {Password: new(secret.New(NextPassword))},
			} {
				for _, id := range []int64{1, p.User.ID, 99} {
					if _, err := s.UpdateUser(ctx, p, id, up); account.ErrorCode(err) != account.CodePasswordChangeRequired {
						return err
					}
				}
			}
			_, err := s.UpdateUser(ctx, p, 1, account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: new("x")}})
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
			_, err := s.UserByEmail(ctx, p, AdminEmail)
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
	for name, call := range settingsOperations() {
		operations[name] = func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := call(ctx, s, p)
			return err
		}
	}
	return operations
}

// settingsOperations returns the operations for settings, test messages and preferences, by the
// name of the method.
func settingsOperations() map[string]func(context.Context, *service.Service, *account.Principal) (any, error) {
	return map[string]func(context.Context, *service.Service, *account.Principal) (any, error){
		"ApplicationSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.ApplicationSettings(ctx, p)
		},
		"UpdateApplicationSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateApplicationSettings(ctx, p, settings.ApplicationUpdate{DefaultProfileID: new(2)})
		},
		"SendTestMessage": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.SendTestMessage(ctx, p)
		},
		"ServerSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.ServerSettings(ctx, p)
		},
		"UpdateServerSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateServerSettings(ctx, p, settings.ServerUpdate{SenderName: new("x")})
		},
		"LockoutPolicy": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.LockoutPolicy(ctx, p)
		},
		"UpdateLockoutPolicy": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return nil, s.UpdateLockoutPolicy(ctx, p, settings.LockoutUpdate{Threshold: new(5)})
		},
		"Preferences": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.Preferences(ctx, p)
		},
		"UpdatePreferences": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdatePreferences(ctx, p, account.PreferencesUpdate{ProfileID: new(2)})
		},
		"LDAPConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.LDAPConfiguration(ctx, p)
		},
		"UpdateLDAPConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateLDAPConfiguration(ctx, p, settings.LDAPUpdate{})
		},
		"SAMLConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.SAMLConfiguration(ctx, p)
		},
		"UpdateSAMLConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateSAMLConfiguration(ctx, p, settings.SAMLUpdate{})
		},
		"RenewSAMLCertificate": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.RenewSAMLCertificate(ctx, p)
		},
	}
}
