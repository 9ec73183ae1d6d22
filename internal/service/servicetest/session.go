package servicetest

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// PrincipalBy authenticates a session token or an API key, and returns the principal.
func (f *Fixture) PrincipalBy(token secret.Text) *account.Principal {
	f.T.Helper()
	p, err := f.Authenticate(f.T.Context(), token, account.Origin{ClientNetwork: Home})
	if err != nil {
		f.T.Fatal(err)
	}
	return p
}

// IsAccepted reports whether an API key still authenticates.
func (f *Fixture) IsAccepted(key secret.Text) bool {
	f.T.Helper()
	return !f.IsRevoked(auth.SignInResult{Token: key})
}

// ChangeOwnPassword changes the caller's password from current to next. The client network is
// [Home].
func (f *Fixture) ChangeOwnPassword(caller *account.Principal, current, next string) error {
	from := account.Origin{ClientNetwork: Home}
	return f.ChangePassword(f.T.Context(), caller,
		auth.PasswordChange{Current: secret.New(current), Next: secret.New(next)}, from)
}

// NewSession signs a user in with [Password], from the client network [Home].
func (f *Fixture) NewSession(email string) auth.SignInResult {
	f.T.Helper()
	return f.NewSessionWith(email, Password)
}

// NewSessionWith signs a user in with a password, from the client network [Home].
func (f *Fixture) NewSessionWith(email, password string) auth.SignInResult {
	f.T.Helper()
	in, err := f.SignInFrom(email, password, Home)
	if err != nil {
		f.T.Fatalf("sign in as %s: %v", email, err)
	}
	return in
}

// SignInFrom signs a user in from the given client network.
func (f *Fixture) SignInFrom(email, password, clientNetwork string) (auth.SignInResult, error) {
	from := account.Origin{ClientNetwork: clientNetwork, Device: "test"}
	return f.SignIn(f.T.Context(), email, secret.New(password), from)
}

// As signs a user in with [Password] and returns the principal of the new session.
func (f *Fixture) As(email string) *account.Principal {
	f.T.Helper()
	return f.PrincipalOf(f.NewSession(email))
}

// Admin signs in as the first administrator and returns the principal of the new session.
func (f *Fixture) Admin() *account.Principal {
	f.T.Helper()
	return f.As(AdminEmail)
}

// PrincipalOf returns the principal of a session.
func (f *Fixture) PrincipalOf(in auth.SignInResult) *account.Principal {
	f.T.Helper()
	return f.PrincipalBy(in.Token)
}

// IsRevoked reports whether the session's token no longer authenticates.
func (f *Fixture) IsRevoked(in auth.SignInResult) bool {
	f.T.Helper()
	_, err := f.Authenticate(f.T.Context(), in.Token, account.Origin{ClientNetwork: Home})
	if err != nil && account.ErrorCode(err) != account.CodeUnauthorized {
		f.T.Fatal(err)
	}
	return err != nil
}

// ClientNetwork returns one of 65536 client networks, by its number i. None of them is [Home].
func ClientNetwork(i int) string { return fmt.Sprintf("198.18.%d.%d", i/256%256, i%256) }

// LockOut locks a user by three failed sign-ins from three different client networks.
func (f *Fixture) LockOut(email string) {
	f.T.Helper()
	for i := range 3 {
		_, err := f.SignInFrom(email, WrongPassword, ClientNetwork(i))
		WantCode(f.T, err, account.CodeInvalidCredentials)
	}
}

// UnknownNetworksKey returns the key of a user's throttle counter. The counter counts failed
// sign-ins from client networks that the user has never signed in from.
func UnknownNetworksKey(id int64) string { return fmt.Sprintf("u:%d|new", id) }
