package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// The groups of settings, by the name under which the store keeps them. The names
// of the fields of a group are those in the store: they are not changed without a
// migration.
const (
	settingApplication = "application"
	settingServer      = "server"
	settingLockout     = "lockout-policy"
	settingLDAP        = "ldap-configuration"
	settingSAML        = "saml-configuration"
)

// Limits of settings, as the contract has them.
const (
	maxURLLength         = 2048 // characters
	maxSettingLength     = 1024
	maxCertificateLength = 65536
	maxPort              = 65535
	maxGroups            = 1000
	maxGroupRoles        = 100

	minSessionLife = 5 * time.Minute
	maxSessionIdle = 30 * 24 * time.Hour
	maxSessionLife = 365 * 24 * time.Hour
	maxLockTime    = 365 * 24 * time.Hour
	maxThreshold   = 50 // failed sign-ins
)

// ApplicationSettings are the settings that the contract has.
type ApplicationSettings struct {
	Mail                MailSettings
	DefaultRoleIDs      []int64 // of new users; sorted, not empty
	DefaultProfileID    int     // kept for clients; it has no effect
	InternalCertificate *string // PEM; trusted beside the system's
	KeepActivity        bool    // whether the activity log is kept
	ActivityDays        int     // for how long
}

// MailSettings say how mail leaves. The password of the account is a secret of
// its own.
type MailSettings struct {
	Server   *string // nil: messages become files
	Port     *int    // nil: that of the protection
	Account  *string
	StartTLS bool
	TLS      bool   // from the first byte on
	Sender   string // address that mail comes from; "": the default

	PasswordSet bool `json:"-"` // whether there is a password; kept by itself
}

// ServerSettings are settings that the contract does not have.
type ServerSettings struct {
	PublicURL       *string // nil: not set
	SenderName      string  // name that mail comes from
	SessionIdle     time.Duration
	SessionAbsolute time.Duration
}

var (
	defaultApplicationSettings = ApplicationSettings{
		Mail:           MailSettings{StartTLS: true},
		DefaultRoleIDs: access.DefaultRoles, DefaultProfileID: 1,
		KeepActivity: true, ActivityDays: 365,
	}
	defaultServerSettings = ServerSettings{
		SenderName: "Usher", SessionIdle: SessionIdle, SessionAbsolute: SessionAbsolute,
	}
)

func loadApplicationSettings(ctx context.Context, r SettingReader) (ApplicationSettings, error) {
	defaults := defaultApplicationSettings
	defaults.DefaultRoleIDs = slices.Clone(defaults.DefaultRoleIDs) // what is read is written into the slice
	return loadSettings(ctx, r, settingApplication, defaults)
}

func loadServerSettings(ctx context.Context, r SettingReader) (ServerSettings, error) {
	return loadSettings(ctx, r, settingServer, defaultServerSettings)
}

func loadLockoutPolicy(ctx context.Context, r SettingReader) (throttle.Policy, error) {
	return loadSettings(ctx, r, settingLockout, throttle.Default)
}

// loadSettings reads a group of settings; what was never set has its default.
func loadSettings[T any](ctx context.Context, r SettingReader, name string, defaults T) (T, error) {
	text, err := r.Setting(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return defaults, nil
	}
	if err != nil {
		return defaults, err
	}
	settings := defaults
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return defaults, fmt.Errorf("read the settings %s: %w", name, err)
	}
	return settings, nil
}

// saveSettings stores a group of settings.
func saveSettings[T any](ctx context.Context, tx Tx, name string, settings T) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("write the settings %s: %w", name, err)
	}
	return tx.SaveSetting(ctx, name, string(text))
}

// storeChanged stores a group of settings and tells the activity log what is
// different from before. Where nothing is, it does nothing.
func storeChanged[T any](ctx context.Context, s *Service, tx Tx, caller *Principal, name string, settings T, target Target, changes []FieldChange) error {
	if len(changes) == 0 {
		return nil
	}
	if err := saveSettings(ctx, tx, name, settings); err != nil {
		return err
	}
	return s.record(ctx, tx, caller, Event{ActionSettingsUpdate, target, changes})
}
