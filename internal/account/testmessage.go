package account

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

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
func (s *Service) SendTestMessage(ctx context.Context, caller *Principal) (TestDelivery, error) {
	err := s.updateAs(ctx, caller, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := requireConfigure(caller, access.EntityApplicationSettings); err != nil {
			return err
		}
		t, err := tx.LockThrottle(ctx, throttle.TestMessageKey(caller.User.ID))
		if err != nil {
			return err
		}
		if now := s.now(); t.Count(now, testMessageWindow) > testMessagesAnHour {
			return tooMany(t.WindowStart.Add(testMessageWindow).Sub(now))
		}
		if err := tx.SaveThrottle(ctx, t); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{Action: ActionSettingsTest, Target: Target{Kind: access.EntityApplicationSettings}})
	})
	if err != nil {
		return TestDelivery{}, err
	}
	message, err := s.testMessage(ctx, caller)
	if err != nil {
		return TestDelivery{}, err
	}
	route, err := s.MailRoute(ctx)
	if err != nil {
		return TestDelivery{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, testMessageTime)
	defer cancel()
	return TestDelivery{Recipient: message.To, Cause: s.testSender.Deliver(ctx, route, message)}, nil
}

func (s *Service) testMessage(ctx context.Context, to *Principal) (Message, error) {
	public, err := s.PublicURL(ctx)
	if err != nil {
		return Message{}, err
	}
	message, err := s.renderer.Render(MailTest, MailContent{Name: to.User.Name, ClientNetwork: to.From.ClientNetwork})
	if err != nil {
		return Message{}, fmt.Errorf("render the test message: %w", err)
	}
	message.To, message.Date = to.User.Email, s.now()
	message.ID, err = s.messageID(0, public)
	return message, err
}
