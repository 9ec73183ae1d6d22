package modeltest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// mask stands for a secret that is stored.
const mask = "********"

// newSettings are those of a new server, each group as it is shown.
func newSettings() map[string]object {
	return map[string]object{
		"application-settings": {
			"userRegistration": false, "smtpServerAddress": nil, "smtpServerPort": nil, "smtpAccount": nil, "smtpAccountPassword": nil,
			"smtpUseStartTLS": true, "tls": false, "emailSender": "", "defaultRoleIds": []int64{ordinary}, "defaultProfileId": 1,
			"internalCertificate": nil, "keepAuditLog": true, "logRetentionPeriod": 365,
		},
		"server-settings": {"publicUrl": nil, "emailSenderName": "Usher", "sessionIdleMinutes": 12 * 60, "sessionAbsoluteMinutes": 30 * 24 * 60},
		"lockout-policy":  {"enabled": true, "failedAttemptThreshold": 3, "failedAttemptPeriod": 300, "lockoutDuration": 300},
		"ldap-configuration": {
			"enabled": false, "url": nil, "searchUserDN": nil, "searchUserPassword": nil, "userSearchBase": nil, "userSearchFilter": nil,
			"allowedGroups": []object{},
		},
		"saml-configuration": {
			"enabled": false, "activateCreatedUsers": false, "providerLoginUrl": nil, "encryptionCertificate": nil, "signatureCertificate": nil,
			"serviceProviderUrl": nil, "assertEndpoint": nil, "allowedGroups": []object{},
		},
	}
}

// permissionFor is what the permissions for a group are called.
func permissionFor(group string) string {
	if group == "server-settings" {
		return "application-settings"
	}
	return group
}

// change is a change of a group: its fields, and what was there.
type change struct {
	group    string
	fields   object
	was, now object
}

// given reports whether the change names one of the fields.
func (c change) given(names string) bool {
	return slices.ContainsFunc(words(names), func(name string) bool { _, given := c.fields[name]; return given })
}

// differs reports whether one of the fields gets another value.
func (c change) differs(names string) bool {
	return slices.ContainsFunc(words(names), func(name string) bool { return jsonOf(c.was[name]) != jsonOf(c.now[name]) })
}

// changeSettings changes all that the fields name, or nothing. check returns how the
// change is refused, and does what follows from it.
func (p *principal) changeSettings(group string, fields object, check func(c change) *expected) *expected {
	if no := p.may(permissionFor(group), "edit", allOf); no != nil {
		return no
	}
	c := change{group, fields, p.settings[group], maps.Clone(p.settings[group])}
	maps.Copy(c.now, fields)
	if no := check(c); no != nil {
		return no
	}
	// A new secret is a change, though it is not seen.
	changed := jsonOf(c.was) != jsonOf(c.now) || c.newSecret()
	kept := p.keepsLog()
	p.settings[group] = c.now
	if changed && (kept || p.keepsLog()) {
		p.activity = append(p.activity, p.entry("settings.update", permissionFor(group), 0, groupName(group)))
	}
	return ok(p.showSettings(group))
}

func groupName(group string) string {
	if group == "server-settings" {
		return "server"
	}
	return ""
}

func (m *model) keepsLog() bool { return m.settings["application-settings"]["keepAuditLog"] == true }

func (m *model) defaultRoles() []int64 {
	return m.settings["application-settings"]["defaultRoleIds"].([]int64)
}

// showSettings is a group as it is shown: with what follows from other ones.
func (m *model) showSettings(group string) object {
	shown := maps.Clone(m.settings[group])
	public, _ := m.settings["server-settings"]["publicUrl"].(string)
	switch group {
	case "application-settings":
		shown["emailSender"] = m.sender()
	case "saml-configuration":
		if public != "" {
			shown["serviceProviderUrl"], shown["assertEndpoint"] = public, public+"/auth-service/providers/saml/assert"
		}
	}
	return shown
}

// sender is the address that mail comes from.
func (m *model) sender() string {
	if sender := m.settings["application-settings"]["emailSender"].(string); sender != "" {
		return sender
	}
	if public, _ := m.settings["server-settings"]["publicUrl"].(string); public != "" {
		return "usher@" + strings.TrimPrefix(public, "https://")
	}
	return "usher@localhost"
}

// get is the operation that shows a group.
func get(group string) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) { m.call(t, "GET", "/api/"+group, nil, seeSettings(group)) }
}

func seeSettings(group string) func(p *principal, _ answer) *expected {
	return func(p *principal, _ answer) *expected {
		if no := p.may(permissionFor(group), "read", allOf); no != nil {
			return no
		}
		return ok(p.showSettings(group))
	}
}

// field is one of a group, and what it is set to: few values, some of them not
// allowed.
type field struct {
	name   string
	values []any
}

// settingFields are the fields of the groups. rapid prefers the first ones.
var settingFields = map[string][]field{
	"application-settings": {
		{"smtpAccountPassword", []any{"secret", nil, mask}}, {"smtpServerAddress", []any{"mail.example.org", "127.0.0.1", nil, "169.254.1.1"}},
		{"smtpServerPort", []any{2525, nil}}, {"tls", []any{true, false}}, {"smtpUseStartTLS", []any{false, true}}, {"smtpAccount", []any{"usher", nil}},
		{"keepAuditLog", []any{true, false}}, {"emailSender", []any{"mail@example.org", "", "usher@localhost", "nobody"}},
		{"defaultProfileId", []any{1, 2}}, {"logRetentionPeriod", []any{365, 1}}, {"userRegistration", []any{false, true}}, {"internalCertificate", []any{nil, "none"}},
	},
	"server-settings": {
		{"sessionIdleMinutes", []any{60, 5, 720, 43200}}, {"sessionAbsoluteMinutes", []any{43200, 60}},
		{"publicUrl", []any{"https://accounts.example.org", nil, "nonsense"}}, {"emailSenderName", []any{"Usher", "Accounts", " "}},
	},
	"lockout-policy": {
		{"failedAttemptThreshold", []any{3, 1, 2, 4}}, {"lockoutDuration", []any{300, 0, 60, 7200}},
		{"failedAttemptPeriod", []any{300, 0, 60}}, {"enabled", []any{true, true, false}},
	},
	"ldap-configuration": {
		{"searchUserPassword", []any{"secret", nil, mask}}, {"url", []any{"ldaps://directory.example.org", nil, "https://directory.example.org"}},
		{"searchUserDN", []any{"cn=usher", nil}}, {"enabled", []any{true, false}}, {"userSearchBase", []any{nil, "ou=people"}},
		{"userSearchFilter", []any{nil, "(uid={{login}})"}},
	},
	"saml-configuration": {
		{"providerLoginUrl", []any{"https://provider.example.org/saml", nil, "provider"}}, {"activateCreatedUsers", []any{true, false}},
		{"enabled", []any{true, false}}, {"signatureCertificate", []any{nil, "none"}},
	},
}

// drawChange draws some fields of a group.
func (m *machine) drawChange(t *rapid.T, group string) object {
	fields := object{}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		f := rapid.SampledFrom(settingFields[group]).Draw(t, "field")
		fields[f.name] = rapid.SampledFrom(f.values).Draw(t, f.name)
	}
	return fields
}

// newSecret reports whether the change sets a secret.
func (c change) newSecret() bool {
	return slices.ContainsFunc(words("smtpAccountPassword searchUserPassword"), func(name string) bool {
		value, _ := c.fields[name].(string)
		return value != "" && value != mask
	})
}

// keepSecret decides what becomes of a secret: it belongs to where it is sent, so
// it is gone when that changes. The mask leaves it alone, and is no secret.
func (c change) keepSecret(name, destination string) *expected {
	value, given := c.fields[name]
	switch {
	case value == mask && c.was[name] == nil:
		return invalid("/" + name)
	case given && value == nil:
		c.now[name] = nil
	case given && value != mask:
		c.now[name] = mask
	case c.differs(destination):
		c.now[name] = nil
	}
	return nil
}

// nameRoles decides whether the caller may have settings give roles to users: he has
// to see and to cover each that they did not give before.
func (p *principal) nameRoles(path string, before, ids []int64) *expected {
	var unknown []string
	named := without(ids, before)
	for i, id := range ids {
		if !slices.Contains(before, id) && (p.roles[id] == nil || !p.can("role", "read", id)) {
			unknown = append(unknown, fmt.Sprintf("%s/%d", path, i))
		}
	}
	if len(unknown) > 0 {
		return invalid(unknown...)
	}
	return p.covers(p.holds(named))
}
