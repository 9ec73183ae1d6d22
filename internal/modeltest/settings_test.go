package modeltest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// mask is the text that an answer has in place of a stored secret.
const mask = "********"

// newSettings returns the settings of a new server: the JSON of each group, by the group's name.
func newSettings() map[string]object {
	return map[string]object{
		"application-settings": {
			"userRegistration": false, "smtpServerAddress": nil, "smtpServerPort": nil, "smtpAccount": nil,
			"smtpAccountPassword": nil, "smtpUseStartTLS": true, "tls": false, "emailSender": "",
			"defaultRoleIds": []int64{userRole}, "defaultProfileId": 1, "internalCertificate": nil, "keepAuditLog": true,
			"logRetentionPeriod": 365,
		},
		"server-settings": {
			"publicUrl": nil, "emailSenderName": "Usher", "sessionIdleMinutes": 12 * 60,
			"sessionAbsoluteMinutes": 30 * 24 * 60,
		},
		"lockout-policy": {
			"enabled": true, "failedAttemptThreshold": 3, "failedAttemptPeriod": 300, "lockoutDuration": 300,
		},
		"ldap-configuration": {
			"enabled": false, "url": nil, "searchUserDN": nil, "searchUserPassword": nil, "userSearchBase": nil,
			"userSearchFilter": nil, "allowedGroups": []object{},
		},
		"saml-configuration": {
			"enabled": false, "activateCreatedUsers": false, "providerLoginUrl": nil, "encryptionCertificate": nil,
			"signatureCertificate": nil, "serviceProviderUrl": nil, "assertEndpoint": nil, "allowedGroups": []object{},
		},
	}
}

// entityFor returns the entity of the permissions to read and to edit a group of settings. It has the name of the
// group, except that the server settings share the permissions of the application settings.
func entityFor(group string) string {
	if group == "server-settings" {
		return "application-settings"
	}
	return group
}

// change is a requested change of a group of settings: the fields of the request, and the group before and after the
// change.
type change struct {
	group         string
	fields        object
	before, after object
}

// given reports whether the request has at least one of the named fields. names is a list separated by spaces.
func (c change) given(names string) bool {
	return slices.ContainsFunc(words(names), func(name string) bool { _, given := c.fields[name]; return given })
}

// changes reports whether the change gives at least one of the named fields a different value.
func (c change) changes(names string) bool {
	return slices.ContainsFunc(words(names),
		func(name string) bool { return jsonOf(c.before[name]) != jsonOf(c.after[name]) })
}

// changeSettings changes all fields of the request or none. check returns nil, or the expected error of the change.
// check may also change other fields of the group.
func (p *principal) changeSettings(group string, fields object, check func(c change) *expected) *expected {
	if refusal := p.authorize(entityFor(group), "edit", allObjects); refusal != nil {
		return refusal
	}
	c := change{group: group, fields: fields, before: p.settings[group], after: maps.Clone(p.settings[group])}
	maps.Copy(c.after, fields)
	if refusal := check(c); refusal != nil {
		return refusal
	}
	// A new secret is a change, although the settings before and after have the same mask.
	changed := jsonOf(c.before) != jsonOf(c.after) || c.newSecret()
	keptBefore := p.keepsLog()
	p.settings[group] = c.after
	if changed && (keptBefore || p.keepsLog()) {
		p.activity = append(p.activity, p.entry("settings.update", entityFor(group), 0, groupName(group)))
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

// showSettings returns the JSON of a group of settings, including the values that are computed from other groups.
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

// sender returns the sender address of mail: the setting, or a default that depends on the public URL.
func (m *model) sender() string {
	if sender := m.settings["application-settings"]["emailSender"].(string); sender != "" {
		return sender
	}
	if public, _ := m.settings["server-settings"]["publicUrl"].(string); public != "" {
		return "usher@" + strings.TrimPrefix(public, "https://")
	}
	return "usher@localhost"
}

// get returns a step that reads a group of settings.
func get(group string) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) { m.call(t, "GET", "/api/"+group, nil, settingsRule(group)) }
}

// settingsRule returns a function that returns the expected answer when a principal reads a group of settings.
func settingsRule(group string) func(p *principal, _ answer) *expected {
	return func(p *principal, _ answer) *expected {
		if refusal := p.authorize(entityFor(group), "read", allObjects); refusal != nil {
			return refusal
		}
		return ok(p.showSettings(group))
	}
}

// field is a field of a group of settings with the values to draw for it. The server refuses some of the values.
type field struct {
	name   string
	values []any
}

// settingFields maps each group of settings to its fields with values to draw. When rapid shortens a failing sequence,
// it prefers the first fields and values.
var settingFields = map[string][]field{
	"application-settings": {
		{"smtpAccountPassword", []any{"secret", nil, mask}},
		{"smtpServerAddress", []any{"mail.example.org", "127.0.0.1", nil, "169.254.1.1"}},
		{"smtpServerPort", []any{2525, nil}}, {"tls", []any{true, false}}, {"smtpUseStartTLS", []any{false, true}},
		{"smtpAccount", []any{"usher", nil}}, {"keepAuditLog", []any{true, false}},
		{"emailSender", []any{"mail@example.org", "", "usher@localhost", malformedAddress}},
		{"defaultProfileId", []any{1, 2}}, {"logRetentionPeriod", []any{365, 1}},
		{"userRegistration", []any{false, true}}, {"internalCertificate", []any{nil, "none"}},
	},
	"server-settings": {
		{"sessionIdleMinutes", []any{60, 5, 720, 43200}}, {"sessionAbsoluteMinutes", []any{43200, 60}},
		{"publicUrl", []any{"https://accounts.example.org", nil, "nonsense"}}, {"emailSenderName",
			[]any{"Usher", "Accounts", " "}},
	},
	"lockout-policy": {
		{"failedAttemptThreshold", []any{3, 1, 2, 4}}, {"lockoutDuration", []any{300, 0, 60, 7200}},
		{"failedAttemptPeriod", []any{300, 0, 60}}, {"enabled", []any{true, true, false}},
	},
	"ldap-configuration": {
		{"searchUserPassword", []any{"secret", nil, mask}},
		{"url", []any{"ldaps://directory.example.org", nil, "https://directory.example.org"}},
		{"searchUserDN", []any{"cn=usher", nil}}, {"enabled", []any{true, false}}, {"userSearchBase",
			[]any{nil, "ou=people"}},
		{"userSearchFilter", []any{nil, "(uid={{login}})"}},
	},
	"saml-configuration": {
		{"providerLoginUrl", []any{"https://provider.example.org/saml", nil, "provider"}},
		{"activateCreatedUsers", []any{true, false}}, {"enabled", []any{true, false}},
		{"signatureCertificate", []any{nil, "none"}},
	},
}

// drawChange draws new values for some fields of a group of settings.
func (m *machine) drawChange(t *rapid.T, group string) object {
	fields := object{}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		f := rapid.SampledFrom(settingFields[group]).Draw(t, "field")
		fields[f.name] = rapid.SampledFrom(f.values).Draw(t, f.name)
	}
	return fields
}

// newSecret reports whether the change sets a secret to a new value.
func (c change) newSecret() bool {
	return slices.ContainsFunc(words("smtpAccountPassword searchUserPassword"), func(name string) bool {
		value, _ := c.fields[name].(string)
		return value != "" && value != mask
	})
}

// keepSecret sets the field name, a secret, in the settings after the change, or returns the expected error. The mask
// as the new value keeps the stored secret. destination names the fields for the server and the account to which the
// secret is sent. If one of them changes, keepSecret clears the secret, so that it isn't sent elsewhere.
func (c change) keepSecret(name, destination string) *expected {
	value, given := c.fields[name]
	switch {
	case value == mask && c.before[name] == nil:
		return invalid("/" + name)
	case given && value == nil:
		c.after[name] = nil
	case given && value != mask:
		c.after[name] = mask
	case c.changes(destination):
		c.after[name] = nil
	}
	return nil
}

// checkSettingRoles returns nil, or the expected error of a setting that gives users the roles ids. The caller must be
// able to read each added role and have all of its permissions. path is the JSON pointer to ids in the body.
func (p *principal) checkSettingRoles(path string, before, ids []int64) *expected {
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
	if refusal := p.covers(p.permissionsOf(named)); refusal != nil {
		return refusal
	}
	var unfit []string
	for i, id := range ids {
		if !p.mayBeAutomatic(id) {
			unfit = append(unfit, fmt.Sprintf("%s/%d", path, i))
		}
	}
	if len(unfit) > 0 {
		return invalid(unfit...)
	}
	return nil
}

// mayBeAutomatic reports whether settings may name the role, so that users get it automatically.
func (m *model) mayBeAutomatic(id int64) bool {
	return id != administratorRole && (m.roles[id] == nil || !slices.ContainsFunc(m.roles[id].permissions, permission.reserved))
}

// reserved reports whether a role that users get automatically must not have the permission.
func (p permission) reserved() bool {
	return !p.self && slices.Contains(words("create edit-access delete assign"), p.action)
}
