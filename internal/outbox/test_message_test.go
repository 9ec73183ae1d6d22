package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestTestMessage(t *testing.T) {
	f := servicetest.New(t)
	sender := &servicetest.RecordingSender{}
	s := f.With(func(o *service.Options) { o.TestSender = sender })
	f.AddUser("second@example.org", 1)
	admin, second := f.Admin(), f.As("second@example.org")
	for range 5 {
		got, err := s.SendTestMessage(t.Context(), admin)
		if err != nil || got != (outbox.TestDelivery{Recipient: servicetest.AdminEmail}) {
			t.Fatalf("the delivery is %+v, %v", got, err)
		}
	}
	_, err := s.SendTestMessage(t.Context(), admin)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	m := sender.Sent[0]
	if len(sender.Sent) != 5 || m.To != servicetest.AdminEmail || m.Subject == "" || m.ID == "" ||
		m.ID == sender.Sent[1].ID {
		t.Errorf("%d messages were sent, the first is %+v", len(sender.Sent), m)
	}
	if len(servicetest.Must(f.Store.Inner.Mails(t.Context(), 9))) > 0 {
		t.Error("a test message is in the outbox")
	}
	f.WantLastActivity(account.ActionSettingsTest, "application-settings")
	sender.Cause = "could not connect"
	got := servicetest.Must(s.SendTestMessage(t.Context(), second))
	if got != (outbox.TestDelivery{Recipient: "second@example.org", Cause: "could not connect"}) {
		t.Errorf("the delivery is %+v", got)
	}
	// An unlock of the account must not reset the limit of test messages.
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		return tx.DeleteThrottlesOf(ctx, "u:1|")
	})
	_, err = s.SendTestMessage(t.Context(), admin)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	f.Clock.Advance(time.Hour)
	servicetest.Must(s.SendTestMessage(t.Context(), f.Admin()))
}
