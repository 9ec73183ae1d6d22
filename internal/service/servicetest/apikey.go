package servicetest

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// renew makes the caller's key of the contract.
func (f *Fixture) NewContractKey(caller *account.Principal) secret.Text {
	f.T.Helper()
	key, err := f.RenewContractKey(f.T.Context(), caller)
	if err != nil {
		f.T.Fatal(err)
	}
	return key
}

// createKey makes a named key of the caller.
func (f *Fixture) NewNamedKey(caller *account.Principal, n apikey.NewAPIKey) secret.Text {
	f.T.Helper()
	key, _, err := f.CreateKey(f.T.Context(), caller, n)
	if err != nil {
		f.T.Fatal(err)
	}
	return key
}
