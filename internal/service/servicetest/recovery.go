package servicetest

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// newest returns the newest row of the outbox.
func (f *Fixture) NewestMail() account.Mail {
	f.T.Helper()
	mails := Must(f.Store.Mails(f.T.Context(), 1))
	if len(mails) == 0 {
		f.T.Fatal("the outbox is empty")
	}
	return mails[0]
}

// ask asks for a recovery message from home.
func (f *Fixture) RequestRecovery(email string) {
	f.T.Helper()
	if err := f.ForgottenPassword(f.T.Context(), email, account.Origin{ClientNetwork: Home}); err != nil {
		f.T.Fatal(err)
	}
}

// claim returns the next message that is due; nil if none is.
func (f *Fixture) ClaimNext() *account.Delivery {
	f.T.Helper()
	d, err := f.ClaimMail(f.T.Context())
	if err != nil {
		f.T.Fatal(err)
	}
	return d
}

// recoveryToken asks for a recovery message, delivers it and reads the token out.
func (f *Fixture) RecoveryToken(email string) string {
	f.T.Helper()
	f.RequestRecovery(email)
	d := f.ClaimNext()
	if d == nil {
		f.T.Fatalf("there is no message for %s", email)
	}
	if err := f.MailDelivered(f.T.Context(), d); err != nil {
		f.T.Fatal(err)
	}
	return TokenIn(d)
}

// retrieve sets a password by a token, from a source of its own.
func (f *Fixture) Recover(token, password string) error {
	return f.RecoverFrom("203.0.113.7", token, password)
}

func (f *Fixture) RecoverFrom(source, token, password string) error {
	return f.RetrievePassword(f.T.Context(), secret.New(token), secret.New(password), account.Origin{ClientNetwork: source})
}
