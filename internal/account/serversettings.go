package account

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
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
func (s *Service) ServerSettings(ctx context.Context, caller *Principal) (ServerSettings, error) {
	if err := Allow(caller, access.ActionRead, access.EntityApplicationSettings, access.All); err != nil {
		return ServerSettings{}, err
	}
	return s.effectiveServer(ctx, s.store)
}

func (s *Service) effectiveServer(ctx context.Context, r Reader) (ServerSettings, error) {
	settings, err := loadServerSettings(ctx, r)
	if s.publicURLOverride != nil {
		settings.PublicURL = new(s.publicURLOverride.String())
	}
	settings.SenderName = cmp.Or(s.mailOverrides.SenderName, settings.SenderName)
	return settings, err
}

// UpdateServerSettings changes all that the update names, or nothing, and returns
// the settings in effect then. It fails as [Allow] says, with CodeForbidden where
// role 1 is needed, with CodeInvalid and with CodeSetByOperator.
func (s *Service) UpdateServerSettings(ctx context.Context, caller *Principal, up ServerUpdate) (ServerSettings, error) {
	if err := Allow(caller, access.ActionEdit, access.EntityApplicationSettings, access.All); err != nil {
		return ServerSettings{}, err
	}
	var settings ServerSettings
	err := s.updateSettingsAs(ctx, caller, settingServer, nil, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := Allow(caller, access.ActionEdit, access.EntityApplicationSettings, access.All); err != nil {
			return err
		}
		if up.PublicURL != nil || up.SenderName != nil {
			if err := requireAdministrator(caller); err != nil {
				return err
			}
		}
		up, err := s.keepFixed(up)
		if err != nil {
			return err
		}
		was, err := loadServerSettings(ctx, tx)
		if err != nil {
			return err
		}
		now, err := up.apply(was)
		if err != nil {
			return err
		}
		target := Target{Kind: access.EntityApplicationSettings, Name: settingServer}
		if err := storeChanged(ctx, s, tx, caller, settingServer, now, target, serverChanges(now, was)); err != nil {
			return err
		}
		settings, err = s.effectiveServer(ctx, tx)
		return err
	})
	return settings, err
}

// keepFixed fails for an update of what the operator has fixed, and takes out of
// it what is the same.
func (s *Service) keepFixed(up ServerUpdate) (ServerUpdate, error) {
	var faults []Detail
	if s.publicURLOverride != nil {
		if shown := s.publicURLOverride.String(); changesOptional(up.PublicURL, &shown) {
			faults = append(faults, Detail{"/publicUrl", "is set where the server is started"})
		}
		up.PublicURL = nil
	}
	if s.mailOverrides.SenderName != "" {
		if changes(up.SenderName, s.mailOverrides.SenderName) {
			faults = append(faults, Detail{"/emailSenderName", "is set where the server is started"})
		}
		up.SenderName = nil
	}
	if len(faults) > 0 {
		return up, setByOperator(faults)
	}
	return up, nil
}

// apply checks the update and returns the settings after it.
func (up ServerUpdate) apply(s ServerSettings) (ServerSettings, error) {
	var c checker
	setIfPresent(&s.PublicURL, up.PublicURL)
	setIfPresent(&s.SenderName, up.SenderName)
	setIfPresent(&s.SessionIdle, up.SessionIdle)
	setIfPresent(&s.SessionAbsolute, up.SessionAbsolute)
	if up.PublicURL != nil && s.PublicURL != nil {
		if _, err := host.ParseOrigin(*s.PublicURL); err != nil {
			c.fail("/publicUrl", err.Error())
		}
	}
	if up.SenderName != nil {
		if strings.TrimSpace(s.SenderName) == "" {
			c.fail("/emailSenderName", "must not be empty or white space alone")
		}
		c.singleLine("/emailSenderName", s.SenderName)
	}
	idle := c.durationRange("/sessionIdleMinutes", up.SessionIdle, minSessionLife, maxSessionIdle, "from 5 minutes to 30 days")
	absolute := c.durationRange("/sessionAbsoluteMinutes", up.SessionAbsolute, minSessionLife, maxSessionLife, "from 5 minutes to 365 days")
	if idle && absolute && s.SessionIdle > s.SessionAbsolute {
		path := "/sessionIdleMinutes"
		if up.SessionIdle == nil {
			path = "/sessionAbsoluteMinutes"
		}
		c.fail(path, "would let a session be without use for longer than it lives")
	}
	return s, c.err()
}

// changes tells the activity log what is different from before.
func serverChanges(s ServerSettings, was ServerSettings) []FieldChange {
	var l changeList
	l.add("publicUrl", orNil(was.PublicURL), orNil(s.PublicURL))
	l.add("emailSenderName", was.SenderName, s.SenderName)
	l.add("sessionIdleMinutes", int(was.SessionIdle.Minutes()), int(s.SessionIdle.Minutes()))
	l.add("sessionAbsoluteMinutes", int(was.SessionAbsolute.Minutes()), int(s.SessionAbsolute.Minutes()))
	return l
}
