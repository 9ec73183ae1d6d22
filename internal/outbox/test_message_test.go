package outbox_test

import (
	"context"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestTestMessage(t *testing.T) {
	f := servicetest.New(t)
	post := &servicetest.RecordingSender{}
	s := f.With(func(o *service.Options) { o.TestSender = post })
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
	if m := post.Sent[0]; len(post.Sent) != 5 || m.To != servicetest.AdminEmail || m.Subject == "" || m.ID == "" ||
		m.ID == post.Sent[1].ID {
		t.Errorf("%d messages, the first is %+v", len(post.Sent), m)
	}
	if len(servicetest.Must(f.Store.Inner.Mails(t.Context(), 9))) > 0 {
		t.Error("a test message is in the outbox")
	}
	f.WantLastActivity(account.ActionSettingsTest, "application-settings")
	post.Cause = "could not connect"
	if got := servicetest.Must(s.SendTestMessage(t.Context(),
		second)); got != (outbox.TestDelivery{Recipient: "second@example.org", Cause: "could not connect"}) {
		t.Errorf("the delivery is %+v", got)
	}
	f.WriteStore(func(ctx context.Context, tx account.Tx) error { // an unlock does not give more
		return tx.DeleteThrottlesOf(ctx, "u:1|")
	})
	_, err = s.SendTestMessage(t.Context(), admin)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	f.Clock.Advance(60 * 60e9)
	servicetest.Must(s.SendTestMessage(t.Context(), f.Admin()))
}
