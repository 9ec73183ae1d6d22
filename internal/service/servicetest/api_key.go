package servicetest

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// NewContractKey creates a contract key for the caller and returns its text. It revokes the
// caller's previous contract key.
func (f *Fixture) NewContractKey(caller *account.Principal) secret.Text {
	f.T.Helper()
	key, err := f.RenewContractKey(f.T.Context(), caller)
	if err != nil {
		f.T.Fatal(err)
	}
	return key
}

// NewNamedKey creates a named API key of the caller and returns it.
func (f *Fixture) NewNamedKey(caller *account.Principal, n apikey.NewAPIKey) secret.Text {
	f.T.Helper()
	key, _, err := f.CreateKey(f.T.Context(), caller, n)
	if err != nil {
		f.T.Fatal(err)
	}
	return key
}
