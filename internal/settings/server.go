package settings

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
)

// ServerUpdate changes server settings. What is nil stays as it is.
type ServerUpdate struct {
	PublicURL       **string // role 1; nil inside: not set any more
	SenderName      *string  // role 1
	SessionIdle     *time.Duration
	SessionAbsolute *time.Duration
}

// ServerSettings returns the settings as they are in effect: what the operator has
// fixed is in its place. It fails as [Allow] says.
func (s *Settings) ServerSettings(ctx context.Context, caller *account.Principal) (account.ServerSettings, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityApplicationSettings, access.All); err != nil {
		return account.ServerSettings{}, err
	}
	return s.effectiveServer(ctx, s.store)
}

func (s *Settings) effectiveServer(ctx context.Context, r account.Reader) (account.ServerSettings, error) {
	settings, err := account.LoadServerSettings(ctx, r)
	if s.publicURLOverride != nil {
		settings.PublicURL = new(s.publicURLOverride.String())
	}
	settings.SenderName = cmp.Or(s.mailOverrides.SenderName, settings.SenderName)
	return settings, err
}

// UpdateServerSettings changes all that the update names, or nothing, and returns
// the settings in effect then. It fails as [Allow] says, with CodeForbidden where
// role 1 is needed, with CodeInvalid and with CodeSetByOperator.
func (s *Settings) UpdateServerSettings(ctx context.Context, caller *account.Principal, up ServerUpdate) (account.ServerSettings, error) {
	if err := account.Allow(caller, access.ActionEdit, access.EntityApplicationSettings, access.All); err != nil {
		return account.ServerSettings{}, err
	}
	var settings account.ServerSettings
	err := s.updateSettingsAs(ctx, caller, account.SettingServer, nil, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		if err := account.Allow(caller, access.ActionEdit, access.EntityApplicationSettings, access.All); err != nil {
			return err
		}
		if up.PublicURL != nil || up.SenderName != nil {
			if err := account.RequireAdministrator(caller); err != nil {
				return err
			}
		}
		up, err := s.keepFixed(up)
		if err != nil {
			return err
		}
		was, err := account.LoadServerSettings(ctx, tx)
		if err != nil {
			return err
		}
		now, err := up.apply(was)
		if err != nil {
			return err
		}
		target := account.Target{Kind: access.EntityApplicationSettings, Name: account.SettingServer}
		if err := storeChanged(ctx, s, tx, caller, account.SettingServer, now, target, serverChanges(now, was)); err != nil {
			return err
		}
		settings, err = s.effectiveServer(ctx, tx)
		return err
	})
	return settings, err
}

// keepFixed fails for an update of what the operator has fixed, and takes out of
// it what is the same.
func (s *Settings) keepFixed(up ServerUpdate) (ServerUpdate, error) {
	var faults []account.Detail
	if s.publicURLOverride != nil {
		if shown := s.publicURLOverride.String(); changesOptional(up.PublicURL, &shown) {
			faults = append(faults, account.Detail{Path: "/publicUrl", Message: "is set where the server is started"})
		}
		up.PublicURL = nil
	}
	if s.mailOverrides.SenderName != "" {
		if changes(up.SenderName, s.mailOverrides.SenderName) {
			faults = append(faults, account.Detail{Path: "/emailSenderName", Message: "is set where the server is started"})
		}
		up.SenderName = nil
	}
	if len(faults) > 0 {
		return up, setByOperator(faults)
	}
	return up, nil
}

// apply checks the update and returns the settings after it.
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
	idle := c.DurationRange("/sessionIdleMinutes", up.SessionIdle, minSessionLife, maxSessionIdle, "from 5 minutes to 30 days")
	absolute := c.DurationRange("/sessionAbsoluteMinutes", up.SessionAbsolute, minSessionLife, maxSessionLife, "from 5 minutes to 365 days")
	if idle && absolute && s.SessionIdle > s.SessionAbsolute {
		path := "/sessionIdleMinutes"
		if up.SessionIdle == nil {
			path = "/sessionAbsoluteMinutes"
		}
		c.Fail(path, "would let a session be without use for longer than it lives")
	}
	return s, c.Err()
}

// changes tells the activity log what is different from before.
func serverChanges(s account.ServerSettings, was account.ServerSettings) []account.FieldChange {
	var l account.ChangeList
	l.Add("publicUrl", account.OrNil(was.PublicURL), account.OrNil(s.PublicURL))
	l.Add("emailSenderName", was.SenderName, s.SenderName)
	l.Add("sessionIdleMinutes", int(was.SessionIdle.Minutes()), int(s.SessionIdle.Minutes()))
	l.Add("sessionAbsoluteMinutes", int(was.SessionAbsolute.Minutes()), int(s.SessionAbsolute.Minutes()))
	return l
}
