package console

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

const (
	newUsersPath  = settingsPath + "/new-users"
	retentionPath = settingsPath + "/activity"
)

func (q *request) generalPanels() ([]panel, error) {
	server, err := q.accounts.ServerSettings(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	application, err := q.accounts.ApplicationSettings(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	roles, err := q.roleOptions()
	if err != nil {
		return nil, err
	}
	with := func(title locale.Phrase, f *form) panel {
		return q.settingsPanel(title, access.EntityApplicationSettings, false, f)
	}
	return []panel{
		with("Server", q.serverForm(server)),
		with("New users", &form{Action: newUsersPath, Fields: []*field{
			{Name: "defaultRoleIds", Label: "Default roles", Hint: "Every new user gets these. Who has an account already keeps the roles that he has.", Type: "checkboxes", Options: roles(application.DefaultRoleIDs)},
		}}),
		with("Activity log", &form{Action: retentionPath, Fields: []*field{
			{Name: "keepAuditLog", Label: "Keep the activity log", Hint: "Without it nobody can find out later who changed what.", Type: "checkbox", Checked: application.KeepActivity},
			{Name: "logRetentionPeriod", Label: "Days that entries are kept", Hint: "From 1 to 3650. Older entries are removed.", Type: "number", Value: strconv.Itoa(application.ActivityDays)},
		}}),
	}, nil
}

func (q *request) serverForm(s account.ServerSettings) *form {
	f := &form{Action: settingsPath, Fields: []*field{
		{
			Name: "publicUrl", Label: "Public address", Type: "url", Value: of(s.PublicURL), Autocomplete: "off",
			Hint: "Such as https://accounts.example.com. Links in messages lead there. If you change it, everybody has to sign in again at the new address.",
		},
		{Name: "emailSenderName", Label: "Name that messages come from", Value: s.SenderName, Autocomplete: "off"},
		q.spanField(field{Name: "sessionIdle", Path: "/sessionIdleMinutes", Label: "A session ends when it is not used for", Hint: "From 5 minutes to 30 days."}, s.SessionIdle, minutes, hours, days),
		q.spanField(field{Name: "sessionAbsolute", Path: "/sessionAbsoluteMinutes", Label: "A session ends at the latest after", Hint: "From 5 minutes to 365 days."}, s.SessionAbsolute, minutes, hours, days),
	}}
	if q.mustAdminister() != nil {
		f.disable(adminOnly, "publicUrl", "emailSenderName")
	}
	fixed := q.accounts.SettingOverrides()
	if fixed.PublicURL {
		f.disable(atStart, "publicUrl")
	}
	if fixed.SenderName {
		f.disable(atStart, "emailSenderName")
	}
	return f
}

func (q *request) changeServer() error {
	return q.changeSettings(general, func(f *form) (string, error) {
		up := settings.ServerUpdate{
			PublicURL: q.clearable("publicUrl"), SenderName: q.text("emailSenderName"),
			SessionIdle: q.span(f, "sessionIdle"), SessionAbsolute: q.span(f, "sessionAbsolute"),
		}
		if f.faulty() {
			return "", nil
		}
		was, err := q.accounts.ServerSettings(q.Context(), q.caller)
		if err != nil {
			return "", err
		}
		now, err := q.accounts.UpdateServerSettings(q.Context(), q.caller, up)
		if err == nil && of(now.PublicURL) != of(was.PublicURL) && now.PublicURL != nil {
			q.moveCookies(*now.PublicURL)
			return q.say("The settings are saved. Sign in at %s from now on; links in messages lead there.", *now.PublicURL), nil
		}
		return q.say(saved), err
	})
}

func (q *request) changeNewUsers() error {
	return q.changeSettings(general, func(*form) (string, error) {
		return q.updateApplication(settings.ApplicationUpdate{DefaultRoleIDs: q.ids("defaultRoleIds")})
	})
}

func (q *request) changeRetention() error {
	return q.changeSettings(general, func(f *form) (string, error) {
		up := settings.ApplicationUpdate{KeepActivity: q.yes(f, "keepAuditLog"), ActivityDays: q.whole(f, "logRetentionPeriod")}
		if f.faulty() {
			return "", nil
		}
		return q.updateApplication(up)
	})
}

func (q *request) updateApplication(up settings.ApplicationUpdate) (string, error) {
	_, err := q.accounts.UpdateApplicationSettings(q.Context(), q.caller, up)
	return q.say(saved), err
}
