package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// TestSender delivers a message immediately, without the outbox. Deliver returns "" if the
// delivery succeeded, else a short cause without text from the mail server.
type TestSender interface {
	Deliver(ctx context.Context, route account.MailRoute, m account.Message) (cause string)
}

// Limits of test messages.
const (
	maxTestMessages    = 5 // per user in testMessageWindow
	testMessageWindow  = time.Hour
	testMessageTimeout = 10 * time.Second
)

// TestDelivery reports whether a test message was delivered.
type TestDelivery struct {
	Recipient string
	Cause     string // short cause of the failure; "" if the message was delivered
}

// SendTestMessage sends a message to the caller's own address immediately, with the current
// settings. A failed delivery is reported in [TestDelivery], not as an error.
//
// The caller needs role 1. SendTestMessage fails like [account.Allow] without that role,
// and with CodeTooManyRequests after maxTestMessages in an hour.
func (s *Outbox) SendTestMessage(ctx context.Context, caller *account.Principal) (TestDelivery, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.RequireConfigure(caller, access.EntityApplicationSettings)
	})
	if err != nil {
		return TestDelivery{}, err
	}
	if err := s.auth.UpdateAs(ctx, permit, s.countTestMessage); err != nil {
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
	ctx, cancel := context.WithTimeout(ctx, testMessageTimeout)
	defer cancel()
	return TestDelivery{Recipient: message.To, Cause: s.testSender.Deliver(ctx, route, message)}, nil
}

// countTestMessage is an [auth.Update]: it counts the test message against the limit and
// records the message in the activity log.
func (s *Outbox) countTestMessage(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
	counter, err := tx.LockThrottle(ctx, lockout.TestMessageKey(caller.User.ID))
	if err != nil {
		return err
	}
	if now := s.now(); counter.Count(now, testMessageWindow) > maxTestMessages {
		return account.TooManyRequests(counter.WindowStart.Add(testMessageWindow).Sub(now))
	}
	if err := tx.SaveThrottle(ctx, counter); err != nil {
		return err
	}
	return s.audit.Record(ctx, tx, caller, account.Event{
		Action: account.ActionSettingsTest, Target: account.Target{Kind: access.EntityApplicationSettings},
	})
}

func (s *Outbox) testMessage(ctx context.Context, to *account.Principal) (account.Message, error) {
	public, err := s.settings.PublicURL(ctx)
	if err != nil {
		return account.Message{}, err
	}
	content := account.MailContent{Name: to.User.Name, ClientNetwork: to.From.ClientNetwork}
	message, err := s.renderer.Render(account.MailTest, content)
	if err != nil {
		return account.Message{}, fmt.Errorf("render the test message: %w", err)
	}
	message.To, message.Date = to.User.Email, s.now()
	message.ID, err = s.messageID(0, public)
	return message, err
}
