package servicetest

import (
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// NewestMail returns the newest message of the outbox.
func (f *Fixture) NewestMail() account.Mail {
	f.T.Helper()
	mails := Must(f.Store.Mails(f.T.Context(), 1))
	if len(mails) == 0 {
		f.T.Fatal("the outbox is empty")
	}
	return mails[0]
}

// RequestRecovery requests a recovery message for an address, from the client network
// [Home].
func (f *Fixture) RequestRecovery(email string) {
	f.T.Helper()
	if err := f.ForgottenPassword(f.T.Context(), email, account.Origin{ClientNetwork: Home}); err != nil {
		f.T.Fatal(err)
	}
}

// ClaimNext claims the next due message. It returns nil if there is none.
func (f *Fixture) ClaimNext() *account.Delivery {
	f.T.Helper()
	d, err := f.ClaimMail(f.T.Context())
	if err != nil {
		f.T.Fatal(err)
	}
	return d
}

// RecoveryToken requests a recovery message for an address and returns the token in it. It
// delivers the message, and all messages that are due before.
func (f *Fixture) RecoveryToken(email string) string {
	f.T.Helper()
	f.RequestRecovery(email)
	return f.NextToken(email)
}

// NextToken delivers the due messages up to the first one to the address that has a token, and
// returns the token.
func (f *Fixture) NextToken(email string) string {
	f.T.Helper()
	for {
		d := f.ClaimNext()
		if d == nil {
			f.T.Fatalf("there is no message for %s", email)
		}
		if err := f.MailDelivered(f.T.Context(), d); err != nil {
			f.T.Fatal(err)
		}
		if token := TokenIn(d); token != "" && strings.EqualFold(d.Message.To, email) {
			return token
		}
	}
}

// RecoverWith sets a new password with a recovery token. It uses a client network that no
// other helper uses.
func (f *Fixture) RecoverWith(token, password string) error {
	return f.RecoverFrom("203.0.113.7", token, password)
}

// RecoverFrom sets a new password with a recovery token, from the given client network.
func (f *Fixture) RecoverFrom(clientNetwork, token, password string) error {
	from := account.Origin{ClientNetwork: clientNetwork}
	return f.RetrievePassword(f.T.Context(), secret.New(token), secret.New(password), from)
}
