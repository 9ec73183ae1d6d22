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

// allowedBeforeChange are the operations that a caller may use before a required password change.
var allowedBeforeChange = []string{"ChangePassword", "RenewSession", "SignOut"}

func TestPasswordChangeRequired(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("second@example.org", access.AdministratorRole)
	reset := account.UserUpdate{Password: new(secret.New(servicetest.WrongPassword))}
	if err := f.UpdateUserAsAdmin(id, reset); err != nil {
		t.Fatal(err)
	}
	before := f.ListedUsers()
	caller := f.PrincipalOf(f.NewSessionWith("second@example.org", servicetest.WrongPassword))
	if !caller.Access.Administrator {
		t.Error("Access.Administrator is not set")
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

// A required password change also applies to principals that were loaded before it was required.
func TestPasswordChangeRequiredAtOnce(t *testing.T) {
	f := servicetest.New(t)
	caller := f.Admin()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		return tx.SetPassword(ctx, 1, f.PasswordHash, true, f.Clock.Now())
	})
	operations := servicetest.Operations()
	for _, name := range []string{"CreateUsers", "DeleteUser", "SetUserRoles"} {
		err := operations[name](t.Context(), f.Service, caller)
		servicetest.WantCode(t, err, account.CodePasswordChangeRequired)
	}
}

// inTransaction reports whether a function has a transaction as a parameter, or a callback with
// one. Such methods are not operations but parts of them.
func inTransaction(function reflect.Type) bool {
	for parameter := range function.Ins() {
		switch {
		case parameter == reflect.TypeFor[*account.Tx]():
			return true
		case parameter.Kind() == reflect.Func && inTransaction(parameter):
			return true
		}
	}
	return false
}

// Every operation that takes a caller is in servicetest.Operations or in allowedBeforeChange.
func TestOperationsAreListed(t *testing.T) {
	serviceType, principal := reflect.TypeFor[*service.Service](), reflect.TypeFor[*account.Principal]()
	operations := servicetest.Operations()
	found := 0
	for method := range serviceType.Methods() {
		if inTransaction(method.Type) {
			continue
		}
		takesCaller := false
		for parameter := range method.Type.Ins() {
			takesCaller = takesCaller || parameter == principal
		}
		if !takesCaller || method.Type.NumOut() == 0 { // a method without a result refuses nothing
			continue
		}
		found++
		_, required := operations[method.Name]
		if required == slices.Contains(allowedBeforeChange, method.Name) {
			t.Errorf("%s must be in servicetest.Operations or in allowedBeforeChange", method.Name)
		}
	}
	if listed := len(operations) + len(allowedBeforeChange); found != listed {
		t.Errorf("%d operations have a caller, and %d are listed", found, listed)
	}
}
