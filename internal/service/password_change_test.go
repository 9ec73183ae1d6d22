package service_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// allowedBeforeChange are the operations with a caller that one may call before
// he has changed a password that was given to him.
var allowedBeforeChange = []string{"ChangePassword", "RenewSession", "SignOut"}

func TestPasswordChangeRequired(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("second@example.org", access.AdministratorRole)
	if err := f.UpdateUserAsAdmin(id,
		account.UserUpdate{Password: new(secret.New(servicetest.WrongPassword))}); err != nil {
		t.Fatal(err)
	}
	before := f.ListedUsers()
	caller := f.PrincipalOf(f.NewSessionWith("second@example.org", servicetest.WrongPassword))
	if !caller.Access.Administrator {
		t.Error("whoami does not tell who he is")
	}
	for name, call := range servicetest.Operations() {
		if err := call(t.Context(), f.Service, caller); account.ErrorCode(err) != account.CodePasswordChangeRequired {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := f.ListedUsers(); !reflect.DeepEqual(before, after) {
		t.Errorf("the users were %+v and are %+v", before, after)
	}
	if err := f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword); err != nil {
		t.Errorf("ChangePassword: %v", err)
	}
	if err := f.SignOut(t.Context(), caller); err != nil {
		t.Errorf("SignOut: %v", err)
	}
}

// A principal that was loaded before the reset does not help.
func TestPasswordChangeRequiredAtOnce(t *testing.T) {
	f := servicetest.New(t)
	caller := f.Admin()
	f.WriteStore(func(ctx context.Context, tx account.Tx) error {
		return tx.SetPassword(ctx, 1, f.PasswordHash, true, f.Clock.Now())
	})
	for _, name := range []string{"CreateUsers", "DeleteUser", "SetUserRoles"} {
		servicetest.WantCode(t, servicetest.Operations()[name](t.Context(), f.Service, caller),
			account.CodePasswordChangeRequired)
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
		_, required := servicetest.Operations()[method.Name]
		if required == slices.Contains(allowedBeforeChange, method.Name) {
			t.Errorf("%s must be in operations or in allowedBeforeChange", method.Name)
		}
	}
	if found != len(servicetest.Operations())+len(allowedBeforeChange) {
		t.Errorf("%d operations have a caller, and %d are listed", found,
			len(servicetest.Operations())+len(allowedBeforeChange))
	}
}
