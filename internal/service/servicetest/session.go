package servicetest

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// by returns who comes by a key.
func (f *Fixture) PrincipalBy(key secret.Text) *account.Principal {
	f.T.Helper()
	p, err := f.Authenticate(f.T.Context(), key, account.Origin{ClientNetwork: Home})
	if err != nil {
		f.T.Fatal(err)
	}
	return p
}

// works reports whether a key lets anybody in.
func (f *Fixture) IsAccepted(key secret.Text) bool {
	f.T.Helper()
	return !f.IsRevoked(auth.SignInResult{Token: key})
}

// change has a caller change his password from home.
func (f *Fixture) ChangeOwnPassword(caller *account.Principal, current, to string) error {
	return f.ChangePassword(f.T.Context(), caller, secret.New(current), secret.New(to), account.Origin{ClientNetwork: Home})
}

// signIn makes a session from home.
func (f *Fixture) NewSession(email, password string) auth.SignInResult {
	f.T.Helper()
	in, err := f.SignInFrom(email, password, Home)
	if err != nil {
		f.T.Fatalf("%s does not sign in: %v", email, err)
	}
	return in
}

// try signs in from a source.
func (f *Fixture) SignInFrom(email, password, source string) (auth.SignInResult, error) {
	return f.SignIn(f.T.Context(), email, secret.New(password), account.Origin{ClientNetwork: source, Device: "test"})
}

// as signs in and returns the principal.
func (f *Fixture) As(email string) *account.Principal {
	f.T.Helper()
	return f.PrincipalOf(f.NewSession(email, Password))
}

func (f *Fixture) PrincipalOf(in auth.SignInResult) *account.Principal {
	f.T.Helper()
	p, err := f.Authenticate(f.T.Context(), in.Token, account.Origin{ClientNetwork: Home})
	if err != nil {
		f.T.Fatal(err)
	}
	return p
}

// over reports whether a session's token lets nobody in any more.
func (f *Fixture) IsRevoked(in auth.SignInResult) bool {
	f.T.Helper()
	_, err := f.Authenticate(f.T.Context(), in.Token, account.Origin{ClientNetwork: Home})
	if err != nil && account.ErrorCode(err) != account.CodeUnauthorized {
		f.T.Fatal(err)
	}
	return err != nil
}

// source returns one of 65536 addresses, none of which is home.
func Network(i int) string { return fmt.Sprintf("198.18.%d.%d", i/256%256, i%256) }

// lock fails three sign-ins from three sources.
func (f *Fixture) LockOut(email string) {
	f.T.Helper()
	for i := range 3 {
		_, err := f.SignInFrom(email, WrongPassword, Network(i))
		WantCode(f.T, err, account.CodeInvalidCredentials)
	}
}

// newBucket is the key of the counter for unknown sources.
func UnknownNetworksKey(id int64) string { return fmt.Sprintf("u:%d|new", id) }
