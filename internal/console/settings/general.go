package settings

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const (
	newUsersPath  = settingsPath + "/new-users"
	retentionPath = settingsPath + "/activity"
)

func (h *handler) generalPanels(q *page.Request) ([]panel, error) {
	server, err := h.service.ServerSettings(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	application, err := h.service.ApplicationSettings(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	roles, err := h.roleOptions(q)
	if err != nil {
		return nil, err
	}
	with := func(title locale.Phrase, f *page.Form) panel {
		return newPanel(q, title, access.EntityApplicationSettings, false, f)
	}
	return []panel{
		with("Server", h.serverForm(q, server)),
		with("New users", &page.Form{Action: newUsersPath, Fields: []*page.Field{
			{
				Name: "defaultRoleIds", Label: "Default roles",
				Hint: "Every new user gets these. Who has an account already keeps the roles that he has.",
				Type: "checkboxes", Options: selectRoles(q, roles, application.DefaultRoleIDs),
			},
		}}),
		with("Activity log", &page.Form{Action: retentionPath, Fields: []*page.Field{
			{
				Name: "keepAuditLog", Label: "Keep the activity log",
				Hint: "Without it nobody can find out later who changed what.", Type: "checkbox",
				Checked: application.KeepActivity,
			},
			{
				Name: "logRetentionPeriod", Label: "Days that entries are kept",
				Hint: "From 1 to 3650. Older entries are removed.", Type: "number",
				Value: strconv.Itoa(application.ActivityDays),
			},
		}}),
	}, nil
}

func (h *handler) serverForm(q *page.Request, s account.ServerSettings) *page.Form {
	f := &page.Form{Action: settingsPath, Fields: []*page.Field{
		{
			Name: "publicUrl", Label: "Public address", Type: "url", Value: page.OrEmpty(s.PublicURL),
			Autocomplete: "off",
			Hint: "Such as https://accounts.example.com. Links in messages lead there. If you change it, everybody " +
				"has to sign in again at the new address.",
		},
		{Name: "emailSenderName", Label: "Name that messages come from", Value: s.SenderName, Autocomplete: "off"},
		durationField(q, &page.Field{
			Name: "sessionIdle", Path: "/sessionIdleMinutes", Label: "A session ends when it is not used for",
			Hint: "From 5 minutes to 30 days.",
		}, s.SessionIdle, minutes, hours, days),
		durationField(q, &page.Field{
			Name: "sessionAbsolute", Path: "/sessionAbsoluteMinutes", Label: "A session ends at the latest after",
			Hint: "From 5 minutes to 365 days.",
		}, s.SessionAbsolute, minutes, hours, days),
	}}
	if q.RequireAdministrator() != nil {
		f.Disable(adminOnly, "publicUrl", "emailSenderName")
	}
	overrides := h.service.SettingOverrides()
	if overrides.PublicURL {
		f.Disable(atStart, "publicUrl")
	}
	if overrides.SenderName {
		f.Disable(atStart, "emailSenderName")
	}
	return f
}

func (h *handler) changeServer(q *page.Request) error {
	return h.changeSettings(q, generalSection, func(f *page.Form) (string, error) {
		up := settings.ServerUpdate{
			PublicURL: clearableText(q, "publicUrl"), SenderName: textValue(q, "emailSenderName"),
			SessionIdle: duration(q, f, "sessionIdle"), SessionAbsolute: duration(q, f, "sessionAbsolute"),
		}
		if f.Faulty() {
			return "", nil
		}
		stored, err := h.service.ServerSettings(q.Context(), q.Caller)
		if err != nil {
			return "", err
		}
		now, err := h.service.UpdateServerSettings(q.Context(), q.Caller, up)
		if err == nil && page.OrEmpty(now.PublicURL) != page.OrEmpty(stored.PublicURL) && now.PublicURL != nil {
			q.MoveCookies(*now.PublicURL)
			return q.Tr("The settings are saved. Sign in at %s from now on; links in messages lead there.",
				*now.PublicURL), nil
		}
		return q.Tr(saved), err
	})
}

func (h *handler) changeNewUsers(q *page.Request) error {
	return h.changeSettings(q, generalSection, func(*page.Form) (string, error) {
		return h.updateApplication(q, settings.ApplicationUpdate{DefaultRoleIDs: ids(q, "defaultRoleIds")})
	})
}

func (h *handler) changeRetention(q *page.Request) error {
	return h.changeSettings(q, generalSection, func(f *page.Form) (string, error) {
		up := settings.ApplicationUpdate{
			KeepActivity: checkbox(q, f, "keepAuditLog"), ActivityDays: number(q, f, "logRetentionPeriod"),
		}
		if f.Faulty() {
			return "", nil
		}
		return h.updateApplication(q, up)
	})
}

func (h *handler) updateApplication(q *page.Request, up settings.ApplicationUpdate) (string, error) {
	_, err := h.service.UpdateApplicationSettings(q.Context(), q.Caller, up)
	return q.Tr(saved), err
}
