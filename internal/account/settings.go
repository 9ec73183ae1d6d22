package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// The groups of settings. The store keeps each group as JSON under the name given here. A new name
// for a group, or for one of its JSON fields, therefore needs a migration.
const (
	SettingApplication = "application"
	SettingServer      = "server"
	SettingLockout     = "lockout-policy"
	SettingLDAP        = "ldap-configuration"
	SettingSAML        = "saml-configuration"
)

// Limits of ActivityDays, as in the contract. A stored value outside of them shows that somebody
// tampered with the database.
const (
	MinActivityDays = 1
	MaxActivityDays = 3650
)

// ApplicationSettings are the settings that are part of the contract.
type ApplicationSettings struct {
	Mail                MailSettings
	DefaultRoleIDs      []int64 // default roles of new users; sorted, not empty
	DefaultProfileID    int     // stored for clients; the server doesn't use it
	InternalCertificate *string // PEM; trusted in addition to the system's certificates
	KeepActivity        bool    // whether the activity log records events
	ActivityDays        int     // days after which an entry of the activity log is removed
}

// MailSettings configure the delivery of mail. The password of Account is not among them: the store
// keeps it separately and encrypted.
type MailSettings struct {
	Server   *string // nil: messages are written to files
	Port     *int    // nil: the default port of the chosen security, such as STARTTLS
	Account  *string
	StartTLS bool
	TLS      bool   // implicit TLS
	Sender   string // sender address; "": the default

	PasswordSet bool `json:"-"` // whether a password is stored
}

// ServerSettings are the settings that are not part of the contract.
type ServerSettings struct {
	PublicURL       *string // nil: not set
	SenderName      string  // sender name of mails
	SessionIdle     time.Duration
	SessionAbsolute time.Duration
}

// AllowedGroup is a group in an LDAP directory or at a SAML identity provider. Its members may sign
// in, and get the default roles and the default profile.
type AllowedGroup struct {
	Name             string
	DefaultRoleIDs   []int64 // sorted, not empty
	DefaultProfileID int
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

// LoadApplicationSettings returns the stored application settings, or the defaults. It leaves
// PasswordSet false.
func LoadApplicationSettings(ctx context.Context, r SettingReader) (ApplicationSettings, error) {
	defaults := defaultApplicationSettings
	defaults.DefaultRoleIDs = slices.Clone(defaults.DefaultRoleIDs) // decoding JSON overwrites the slice's items
	return LoadSettings(ctx, r, SettingApplication, defaults)
}

// LoadServerSettings returns the stored server settings, or the defaults.
func LoadServerSettings(ctx context.Context, r SettingReader) (ServerSettings, error) {
	return LoadSettings(ctx, r, SettingServer, defaultServerSettings)
}

// LoadLockoutPolicy returns the stored lockout policy, or the default.
func LoadLockoutPolicy(ctx context.Context, r SettingReader) (lockout.Policy, error) {
	return LoadSettings(ctx, r, SettingLockout, lockout.Default)
}

// LoadSettings returns the stored group of settings with this name. Fields that are not stored get
// their values from defaults.
func LoadSettings[T any](ctx context.Context, r SettingReader, name string, defaults T) (T, error) {
	text, err := r.Setting(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return defaults, nil
	}
	if err != nil {
		return defaults, err
	}
	settings := defaults
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return defaults, fmt.Errorf("decode the settings %s: %w", name, err)
	}
	return settings, nil
}

// SaveSettings stores the group of settings under this name.
func SaveSettings[T any](ctx context.Context, w SettingWriter, name string, settings T) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("encode the settings %s: %w", name, err)
	}
	return w.SaveSetting(ctx, name, string(text))
}
