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

// The days that entries may be kept, as the contract has them. Others were put into
// the database past every rule.
const (
	MinActivityDays = 1
	MaxActivityDays = 3650
)

// AllowedGroup is a group of a directory or an identity provider whose members may
// sign in, and what they get.
type AllowedGroup struct {
	Name             string
	DefaultRoleIDs   []int64 // sorted, not empty
	DefaultProfileID int
}

// changeList collects the fields that have another value than before.
type ChangeList []FieldChange

func (l *ChangeList) Add(field string, from, to any) {
	if from != to {
		*l = append(*l, FieldChange{field, from, to})
	}
}

func (l *ChangeList) AddIDs(field string, from, to []int64) {
	if !slices.Equal(from, to) {
		*l = append(*l, FieldChange{field, from, to})
	}
}

// addText is for a long text: it is only said to have changed.
func (l *ChangeList) AddText(field string, from, to *string) {
	if OrNil(from) != OrNil(to) {
		*l = append(*l, FieldChange{Field: field})
	}
}

// fold returns the ids sorted, each once.
func SortedUnique(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// The groups of settings, by the name under which the store keeps them. The names
// of the fields of a group are those in the store: they are not changed without a
// migration.
const (
	SettingApplication = "application"
	SettingServer      = "server"
	SettingLockout     = "lockout-policy"
	SettingLDAP        = "ldap-configuration"
	SettingSAML        = "saml-configuration"
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

func LoadApplicationSettings(ctx context.Context, r SettingReader) (ApplicationSettings, error) {
	defaults := defaultApplicationSettings
	defaults.DefaultRoleIDs = slices.Clone(defaults.DefaultRoleIDs) // what is read is written into the slice
	return LoadSettings(ctx, r, SettingApplication, defaults)
}

func LoadServerSettings(ctx context.Context, r SettingReader) (ServerSettings, error) {
	return LoadSettings(ctx, r, SettingServer, defaultServerSettings)
}

func LoadLockoutPolicy(ctx context.Context, r SettingReader) (throttle.Policy, error) {
	return LoadSettings(ctx, r, SettingLockout, throttle.Default)
}

// loadSettings reads a group of settings; what was never set has its default.
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
		return defaults, fmt.Errorf("read the settings %s: %w", name, err)
	}
	return settings, nil
}

// saveSettings stores a group of settings.
func SaveSettings[T any](ctx context.Context, tx Tx, name string, settings T) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("write the settings %s: %w", name, err)
	}
	return tx.SaveSetting(ctx, name, string(text))
}
