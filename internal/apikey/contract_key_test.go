package apikey_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

func TestContractKey(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org", access.UserRole)
	session := f.As("ann@example.org")
	_, err := f.ContractKey(t.Context(), session)
	servicetest.WantCode(t, err, account.CodeNoAPIKey)

	first := f.NewContractKey(session)
	for _, caller := range []*account.Principal{session, f.PrincipalBy(first)} {
		if got, err := f.ContractKey(t.Context(), caller); err != nil || !got.Equal(first) {
			t.Errorf("read the key: %v", err)
		}
	}
	second := f.NewContractKey(f.PrincipalBy(first)) // ends the key first, which authenticates this call
	if f.IsAccepted(first) || !f.IsAccepted(second) {
		t.Error("the renewal must revoke the old key and return a valid one")
	}
	if got, err := f.ContractKey(t.Context(), session); err != nil || !got.Equal(second) {
		t.Errorf("read the new key: %v", err)
	}
	hint := second.Reveal()[len(second.Reveal())-4:]
	keys := servicetest.Must(f.ListKeys(t.Context(), session, session.User.ID))
	if len(keys) != 1 || keys[0].Hint != hint || keys[0].Permissions != nil || !keys[0].Expires.IsZero() {
		t.Errorf("the keys are %+v", keys)
	}
}

// The owner of a new key gets a mail about it.
func TestKeyChangesAreMailed(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org", access.UserRole)
	session := f.As("ann@example.org")
	for i, create := range []func(){
		func() { f.NewContractKey(session) },
		func() { f.NewNamedKey(session, apikey.NewAPIKey{Name: "n"}) },
	} {
		create()
		m := f.NewestMail()
		if m.Kind != account.MailNewAPIKey || m.State != account.MailReady || m.Recipient != "ann@example.org" ||
			m.ID != int64(i+1) {
			t.Errorf("the newest message is %+v", m)
		}
		select {
		case <-f.MailQueued():
		default:
			t.Error("the worker was not woken")
		}
		d := f.ClaimNext()
		if d.Message.Subject != "new-api-key for ann" || d.Message.Text != "token \nlink \nsource "+servicetest.Home {
			t.Errorf("the message is %+v", d.Message)
		}
	}
}

// ContractKey does not return an encrypted text that was copied to another row, or combined with
// the hash of another key.
func TestSealedKeyIsBound(t *testing.T) {
	f := servicetest.New(t)
	ann := f.AddUser("ann@example.org", access.UserRole)
	f.NewContractKey(f.Admin())
	f.NewContractKey(f.As("ann@example.org"))
	admins := servicetest.Must(f.Store.Inner.ContractKey(t.Context(), 1))
	anns := servicetest.Must(f.Store.Inner.ContractKey(t.Context(), ann))
	seal := func(k account.APIKey, sealed keyring.Sealed) {
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SealAPIKey(ctx, k.ID, sealed) })
	}
	seal(anns, admins.Sealed)
	_, err := f.ContractKey(t.Context(), f.As("ann@example.org"))
	servicetest.WantCode(t, err, account.CodeInternal)

	// This encrypted text can be decrypted, but does not match the hash in its row.
	other, _, err := token.New(token.APIKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	place := fmt.Sprintf("api-key|%d|%d", anns.ID, ann)
	keys := f.Options.Keys
	if _, err := keys.Open(keyring.ContractKey, place, anns.Sealed); err != nil {
		t.Errorf("the key is not sealed for its row and its owner: %v", err)
	}
	seal(anns, servicetest.Must(keys.Seal(keys.Primary(), keyring.ContractKey, place, []byte(other.Reveal()))))
	_, err = f.ContractKey(t.Context(), f.As("ann@example.org"))
	servicetest.WantCode(t, err, account.CodeInternal)

	seal(anns, anns.Sealed)
	if _, err := f.ContractKey(t.Context(), f.As("ann@example.org")); err != nil {
		t.Errorf("read the original key: %v", err)
	}
}

// Repeated renewals of a key send only a few mails. They fill neither the owner's mailbox nor
// the outbox, which all users share.
func TestKeyMailsAnHour(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org", access.UserRole)
	ann := f.As("ann@example.org")
	for range 8 {
		if _, err := f.RenewContractKey(t.Context(), ann); err != nil {
			t.Fatal(err)
		}
	}
	if mails := servicetest.Must(f.ListMail(t.Context(), f.Admin())); len(mails) != 5 {
		t.Errorf("the outbox has %d messages, want 5", len(mails))
	}
}
