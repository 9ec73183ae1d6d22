package settings

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/host"
)

// Limits of SessionIdle and SessionAbsolute, as in the contract.
const (
	minSessionLife = 5 * time.Minute
	maxSessionIdle = 30 * 24 * time.Hour
	maxSessionLife = 365 * 24 * time.Hour
)

// ServerUpdate changes server settings. A nil field keeps its value.
type ServerUpdate struct {
	PublicURL       **string // needs role 1; a pointer to nil clears the setting
	SenderName      *string  // needs role 1
	SessionIdle     *time.Duration
	SessionAbsolute *time.Duration
}

// ServerSettings returns the settings in effect: the stored ones, with the operator's overrides.
// It fails as [account.Allow] does.
func (s *Settings) ServerSettings(ctx context.Context, caller *account.Principal) (account.ServerSettings, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityApplicationSettings, access.All); err != nil {
		return account.ServerSettings{}, err
	}
	return s.effectiveServer(ctx, s.store)
}

// effectiveServer returns the stored settings, changed by the operator's overrides.
func (s *Settings) effectiveServer(ctx context.Context, r account.SettingReader) (account.ServerSettings, error) {
	settings, err := account.LoadServerSettings(ctx, r)
	if s.publicURLOverride != nil {
		settings.PublicURL = new(s.publicURLOverride.String())
	}
	settings.SenderName = cmp.Or(s.mailOverrides.SenderName, settings.SenderName)
	return settings, err
}

// UpdateServerSettings changes all fields of an update or none, and returns the settings in
// effect afterwards. It fails as [account.Allow] does, and with CodeInvalid. It fails with
// CodeForbidden for a field that needs role 1, and with CodeSetByOperator for a field that the
// operator overrides.
func (s *Settings) UpdateServerSettings(
	ctx context.Context, caller *account.Principal, up ServerUpdate,
) (account.ServerSettings, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityApplicationSettings, access.All)
	if err != nil {
		return account.ServerSettings{}, err
	}
	return update(ctx, s, s.server(), change[account.ServerSettings]{
		permit: permit,
		apply: func(
			_ context.Context, _ *account.Tx, caller *account.Principal, was account.ServerSettings,
		) (now account.ServerSettings, _ []account.FieldChange, err error) {
			if up.PublicURL != nil || up.SenderName != nil {
				if err := account.RequireAdministrator(caller); err != nil {
					return now, nil, err
				}
			}
			allowed, err := s.rejectOverridden(up)
			if err != nil {
				return now, nil, err
			}
			now, err = allowed.apply(was)
			return now, nil, err
		},
	})
}

// server returns the description of the group of server settings.
func (s *Settings) server() group[account.ServerSettings] {
	return group[account.ServerSettings]{
		name:   account.SettingServer,
		target: account.Target{Kind: access.EntityApplicationSettings, Name: account.SettingServer},
		load:   account.LoadServerSettings, show: s.effectiveServer, changes: serverChanges,
	}
}

// rejectOverridden fails with CodeSetByOperator for an update that changes an overridden
// setting. It returns the update without overridden fields, because clients may send back the
// values in effect.
func (s *Settings) rejectOverridden(up ServerUpdate) (ServerUpdate, error) {
	var rejected []account.Detail
	reject := func(path string) {
		rejected = append(rejected, account.Detail{Path: path, Message: "is set where the server is started"})
	}
	if s.publicURLOverride != nil {
		if shown := s.publicURLOverride.String(); changesOptional(up.PublicURL, &shown) {
			reject("/publicUrl")
		}
		up.PublicURL = nil
	}
	if s.mailOverrides.SenderName != "" {
		if changes(up.SenderName, s.mailOverrides.SenderName) {
			reject("/emailSenderName")
		}
		up.SenderName = nil
	}
	if len(rejected) > 0 {
		return up, setByOperator(rejected)
	}
	return up, nil
}

// apply returns s with the update applied. If a value is invalid, it fails with CodeInvalid.
func (up ServerUpdate) apply(s account.ServerSettings) (account.ServerSettings, error) {
	var c account.Checker
	account.SetIfPresent(&s.PublicURL, up.PublicURL)
	account.SetIfPresent(&s.SenderName, up.SenderName)
	account.SetIfPresent(&s.SessionIdle, up.SessionIdle)
	account.SetIfPresent(&s.SessionAbsolute, up.SessionAbsolute)
	if up.PublicURL != nil && s.PublicURL != nil {
		if _, err := host.ParseOrigin(*s.PublicURL); err != nil {
			c.Fail("/publicUrl", err.Error())
		}
	}
	if up.SenderName != nil {
		if strings.TrimSpace(s.SenderName) == "" {
			c.Fail("/emailSenderName", "must not be empty or white space alone")
		}
		c.SingleLine("/emailSenderName", s.SenderName)
	}
	idleValid := c.DurationRange(
		"/sessionIdleMinutes", up.SessionIdle, minSessionLife, maxSessionIdle, "from 5 minutes to 30 days")
	absoluteValid := c.DurationRange(
		"/sessionAbsoluteMinutes", up.SessionAbsolute, minSessionLife, maxSessionLife, "from 5 minutes to 365 days")
	if idleValid && absoluteValid && s.SessionIdle > s.SessionAbsolute {
		path := "/sessionIdleMinutes"
		if up.SessionIdle == nil {
			path = "/sessionAbsoluteMinutes"
		}
		c.Fail(path, "would let a session be without use for longer than it lives")
	}
	return s, c.Err()
}

// serverChanges lists the changed fields for the activity log.
func serverChanges(now, was account.ServerSettings) []account.FieldChange {
	var l account.ChangeList
	l.Add("publicUrl", account.ValueOrNil(was.PublicURL), account.ValueOrNil(now.PublicURL))
	l.Add("emailSenderName", was.SenderName, now.SenderName)
	l.Add("sessionIdleMinutes", int(was.SessionIdle.Minutes()), int(now.SessionIdle.Minutes()))
	l.Add("sessionAbsoluteMinutes", int(was.SessionAbsolute.Minutes()), int(now.SessionAbsolute.Minutes()))
	return l
}
