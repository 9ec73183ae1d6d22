package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// Courier delivers one message at once. It returns why it could not, in a few
// words that no server said, or "" when the message has left.
type TestSender interface {
	Deliver(ctx context.Context, route account.MailRoute, m account.Message) (cause string)
}

// Numbers of test messages.
const (
	testMessagesAnHour = 5 // a user
	testMessageWindow  = time.Hour
	testMessageTime    = 10 * time.Second // to deliver one
)

// TestDelivery is how a test message went.
type TestDelivery struct {
	Recipient string
	Cause     string // why it was not delivered, in a few words; "": it was
}

// SendTestMessage sends a message to the caller's own address, at once and by the
// settings in effect. It needs role 1. It fails as [Allow] says, and with
// CodeTooManyRequests for more than five in an hour. A delivery that fails is no
// failure of it.
func (s *Outbox) SendTestMessage(ctx context.Context, caller *account.Principal) (TestDelivery, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.RequireConfigure(caller, access.EntityApplicationSettings)
	})
	if err != nil {
		return TestDelivery{}, err
	}
	err = s.auth.UpdateAs(ctx, permit, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		t, err := tx.LockThrottle(ctx, throttle.TestMessageKey(caller.User.ID))
		if err != nil {
			return err
		}
		if now := s.now(); t.Count(now, testMessageWindow) > testMessagesAnHour {
			return account.TooManyRequests(t.WindowStart.Add(testMessageWindow).Sub(now))
		}
		if err := tx.SaveThrottle(ctx, t); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSettingsTest, Target: account.Target{Kind: access.EntityApplicationSettings}})
	})
	if err != nil {
		return TestDelivery{}, err
	}
	message, err := s.testMessage(ctx, caller)
	if err != nil {
		return TestDelivery{}, err
	}
	route, err := s.settings.MailRoute(ctx)
	if err != nil {
		return TestDelivery{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, testMessageTime)
	defer cancel()
	return TestDelivery{Recipient: message.To, Cause: s.testSender.Deliver(ctx, route, message)}, nil
}

func (s *Outbox) testMessage(ctx context.Context, to *account.Principal) (account.Message, error) {
	public, err := s.settings.PublicURL(ctx)
	if err != nil {
		return account.Message{}, err
	}
	message, err := s.renderer.Render(account.MailTest, account.MailContent{Name: to.User.Name, ClientNetwork: to.From.ClientNetwork})
	if err != nil {
		return account.Message{}, fmt.Errorf("render the test message: %w", err)
	}
	message.To, message.Date = to.User.Email, s.now()
	message.ID, err = s.messageID(0, public)
	return message, err
}
