package client

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// Mask is what the server answers in the place of a secret that is set. To send it
// back leaves the secret as it is.
const Mask = "********"

// ApplicationSettings are settings of the server as they are in effect: what its
// operator has fixed at the start is in its place.
type ApplicationSettings struct {
	UserRegistration    bool    `json:"userRegistration"`    // always false: nobody registers himself
	SMTPServerAddress   *string `json:"smtpServerAddress"`   // nil: messages become files on the server
	SMTPServerPort      *int    `json:"smtpServerPort"`      // nil: 587, 465 or 25, by the protection
	SMTPAccount         *string `json:"smtpAccount"`         // nil: without signing in
	SMTPAccountPassword *string `json:"smtpAccountPassword"` // [Mask] if there is one, else nil
	SMTPUseStartTLS     bool    `json:"smtpUseStartTLS"`     // begins in clear and is then secured
	TLS                 bool    `json:"tls"`                 // secured from the first byte on
	EmailSender         string  `json:"emailSender"`         // address that mail comes from
	DefaultRoleIDs      []int64 `json:"defaultRoleIds"`      // of new users; ascending
	DefaultProfileID    int     `json:"defaultProfileId"`    // kept for clients; it has no effect
	InternalCertificate *string `json:"internalCertificate"` // PEM; trusted beside the usual ones
	KeepAuditLog        bool    `json:"keepAuditLog"`        // whether the activity log is kept
	LogRetentionPeriod  int     `json:"logRetentionPeriod"`  // for how many days
}

// ApplicationSettingsUpdate says what to change of [ApplicationSettings]. Its zero
// value changes nothing:
//
//	client.ApplicationSettingsUpdate{SMTPServerAddress: client.Set("mail.example.com"), TLS: new(true), SMTPUseStartTLS: new(false)}
//
// Where server, port, protection or account change without a new password, the
// stored one is cleared. It prints with its password masked.
type ApplicationSettingsUpdate struct {
	UserRegistration    *bool
	SMTPServerAddress   Change[string] // role 1 is needed for what is about mail
	SMTPServerPort      Change[int]
	SMTPAccount         Change[string]
	SMTPAccountPassword Change[string] // a secret
	SMTPUseStartTLS     *bool
	TLS                 *bool
	EmailSender         *string // "" for the default
	InternalCertificate Change[string]
	DefaultRoleIDs      []int64 // nil: as they are
	DefaultProfileID    *int
	KeepAuditLog        *bool
	LogRetentionPeriod  *int
}

// ServerSettings are settings of the server that the older contract does not have.
type ServerSettings struct {
	PublicURL              *string `json:"publicUrl"`              // where people reach the server; nil: not set
	EmailSenderName        string  `json:"emailSenderName"`        // name that mail comes from
	SessionIdleMinutes     int     `json:"sessionIdleMinutes"`     // without use, until a session ends
	SessionAbsoluteMinutes int     `json:"sessionAbsoluteMinutes"` // until it ends in any case
}

// ServerSettingsUpdate says what to change of [ServerSettings]. Its zero value
// changes nothing.
type ServerSettingsUpdate struct {
	PublicURL              Change[string] // role 1 is needed for this and the next
	EmailSenderName        *string
	SessionIdleMinutes     *int
	SessionAbsoluteMinutes *int
}

// TestMessageResult says what became of a test message.
type TestMessageResult struct {
	Delivered bool    `json:"delivered"`
	Recipient string  `json:"recipient"` // the caller's own address
	Cause     *string `json:"cause"`     // why it was not delivered, in a few words; nil if it was
}

// ApplicationSettings returns the settings.
func (c *Client) ApplicationSettings(ctx context.Context) (ApplicationSettings, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiApplicationSettingsGet(ctx)
	}, applicationSettingsFromWire)
}

// UpdateApplicationSettings changes the settings, wholly or not at all, and returns
// them as they are then. It fails with [CodeSetByOperator] for what the operator has
// fixed.
func (c *Client) UpdateApplicationSettings(ctx context.Context, update ApplicationSettingsUpdate) (ApplicationSettings, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiApplicationSettingsPatch(ctx, update.toWire())
	}, applicationSettingsFromWire)
}

// SendTestMessage has a message sent to the caller's own address, at once and by the
// settings as they are: at most five an hour. A message that could not be delivered
// is a result, not an error.
func (c *Client) SendTestMessage(ctx context.Context) (TestMessageResult, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiApplicationSettingsTestMessagePost(ctx)
	}, func(w wire.TestMessageResult) TestMessageResult {
		return TestMessageResult{Delivered: w.Delivered, Recipient: w.Recipient, Cause: w.Cause}
	})
}

// ServerSettings returns the settings.
func (c *Client) ServerSettings(ctx context.Context) (ServerSettings, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiServerSettingsGet(ctx)
	}, serverSettingsFromWire)
}

// UpdateServerSettings changes the settings, wholly or not at all, and returns them
// as they are then. It fails with [CodeSetByOperator] for what the operator has fixed.
func (c *Client) UpdateServerSettings(ctx context.Context, update ServerSettingsUpdate) (ServerSettings, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiServerSettingsPatch(ctx, wire.ServerSettingsUpdate{
			PublicURL: update.PublicURL.field, EmailSenderName: update.EmailSenderName,
			SessionIdleMinutes: update.SessionIdleMinutes, SessionAbsoluteMinutes: update.SessionAbsoluteMinutes,
		})
	}, serverSettingsFromWire)
}

func applicationSettingsFromWire(w wire.ApplicationSettings) ApplicationSettings {
	return ApplicationSettings{
		UserRegistration: w.UserRegistration, SMTPServerAddress: w.SMTPServerAddress, SMTPServerPort: w.SMTPServerPort,
		SMTPAccount: w.SMTPAccount, SMTPAccountPassword: w.SMTPAccountPassword, SMTPUseStartTLS: w.SMTPUseStartTLS, TLS: w.TLS,
		EmailSender: w.EmailSender, DefaultRoleIDs: w.DefaultRoleIDs, DefaultProfileID: w.DefaultProfileID,
		InternalCertificate: w.InternalCertificate, KeepAuditLog: w.KeepAuditLog, LogRetentionPeriod: w.LogRetentionPeriod,
	}
}

func serverSettingsFromWire(w wire.ServerSettings) ServerSettings {
	return ServerSettings{
		PublicURL: w.PublicURL, EmailSenderName: w.EmailSenderName,
		SessionIdleMinutes: w.SessionIdleMinutes, SessionAbsoluteMinutes: w.SessionAbsoluteMinutes,
	}
}

func (u ApplicationSettingsUpdate) toWire() wire.ApplicationSettingsUpdate {
	w := wire.ApplicationSettingsUpdate{
		UserRegistration: u.UserRegistration, SMTPServerAddress: u.SMTPServerAddress.field, SMTPServerPort: u.SMTPServerPort.field,
		SMTPAccount: u.SMTPAccount.field, SMTPAccountPassword: u.SMTPAccountPassword.field, SMTPUseStartTLS: u.SMTPUseStartTLS, TLS: u.TLS,
		EmailSender: u.EmailSender, InternalCertificate: u.InternalCertificate.field, DefaultProfileID: u.DefaultProfileID,
		KeepAuditLog: u.KeepAuditLog, LogRetentionPeriod: u.LogRetentionPeriod,
	}
	if u.DefaultRoleIDs != nil {
		w.DefaultRoleIDs = &u.DefaultRoleIDs
	}
	return w
}
