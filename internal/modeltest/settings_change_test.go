package modeltest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// patchSettings draws a change of a group of settings and sends it. If extend is not nil, extend adds further fields to
// the change.
func (m *machine) patchSettings(
	t *rapid.T, group string, extend func(fields object), check func(p *principal, c change) *expected,
) {
	fields := m.drawChange(t, group)
	if extend != nil {
		extend(fields)
	}
	m.call(t, "PATCH", "/api/"+group, fields, func(p *principal, _ answer) *expected {
		return p.changeSettings(group, fields, func(c change) *expected { return check(p, c) })
	})
}

func (m *machine) changeApplicationSettings(t *rapid.T) {
	m.patchSettings(t, "application-settings", func(fields object) {
		if rapid.Bool().Draw(t, "default roles") {
			if rapid.Bool().Draw(t, "default roles alone") {
				clear(fields)
			}
			fields["defaultRoleIds"] = rapid.SliceOfN(rapid.Custom(m.drawRole), 1, 3).Draw(t, "roles")
		}
	}, (*principal).checkApplication)
}

// checkApplication returns nil, or the expected error of a change of the application settings. Only administrators may
// change settings that decide where mail is sent.
func (p *principal) checkApplication(c change) *expected {
	const mailFields = "smtpServerAddress smtpServerPort smtpAccount smtpAccountPassword smtpUseStartTLS tls " +
		"emailSender internalCertificate"
	if c.given(mailFields) && !p.mayConfigure() {
		return forbidden()
	}
	if c.fields["emailSender"] == p.sender() { // the client may have sent back the default from the answer to GET
		c.after["emailSender"] = c.before["emailSender"]
	}
	var faults []string
	fault := func(name string, invalid bool) {
		if invalid {
			faults = append(faults, "/"+name)
		}
	}
	fault("userRegistration", c.fields["userRegistration"] == true) // not supported
	fault("internalCertificate", c.fields["internalCertificate"] == "none")
	fault("smtpServerAddress", c.fields["smtpServerAddress"] == "169.254.1.1") // link-local address
	fault("emailSender", c.after["emailSender"] == malformedAddress)
	secured := c.after["tls"] == true || c.after["smtpUseStartTLS"] == true
	both := c.after["tls"] == true && c.after["smtpUseStartTLS"] == true
	fault("tls", both)
	remote := !slices.Contains([]any{nil, "127.0.0.1"}, c.after["smtpServerAddress"])
	fault("smtpAccount", !secured && c.after["smtpAccount"] != nil && remote)
	if len(faults) > 0 {
		return invalid(faults...)
	}
	if ids, given := c.fields["defaultRoleIds"].([]int64); given {
		if refusal := p.checkSettingRoles("/defaultRoleIds", p.defaultRoles(), ids); refusal != nil {
			return refusal
		}
		c.after["defaultRoleIds"] = distinct(ids)
	}
	return c.keepSecret("smtpAccountPassword", "smtpServerAddress smtpServerPort smtpAccount smtpUseStartTLS tls")
}

func (m *machine) changeServerSettings(t *rapid.T) {
	m.patchSettings(t, "server-settings", nil, func(p *principal, c change) *expected {
		if c.given("publicUrl emailSenderName") && !p.mayConfigure() {
			return forbidden()
		}
		var faults []string
		if c.fields["publicUrl"] == "nonsense" {
			faults = append(faults, "/publicUrl")
		}
		if name, given := c.fields["emailSenderName"].(string); given && blank(name) {
			faults = append(faults, "/emailSenderName")
		}
		if c.after["sessionIdleMinutes"].(int) > c.after["sessionAbsoluteMinutes"].(int) {
			field := "/sessionAbsoluteMinutes"
			if c.given("sessionIdleMinutes") {
				field = "/sessionIdleMinutes"
			}
			faults = append(faults, field)
		}
		if len(faults) > 0 {
			return invalid(faults...)
		}
		return nil
	})
}

// idle returns the idle timeout of sessions in the settings: the time after which an unused session expires.
func (m *model) idle() time.Duration {
	return time.Duration(m.settings["server-settings"]["sessionIdleMinutes"].(int)) * time.Minute
}

// absolute returns the absolute lifetime of sessions in the settings: the time after which even a used session expires.
func (m *model) absolute() time.Duration {
	return time.Duration(m.settings["server-settings"]["sessionAbsoluteMinutes"].(int)) * time.Minute
}

func (m *machine) changeLockoutPolicy(t *rapid.T) {
	fields := m.drawChange(t, "lockout-policy")
	m.call(t, "PATCH", "/api/lockout-policy", fields, func(p *principal, _ answer) *expected {
		want := p.changeSettings("lockout-policy", fields, func(change) *expected { return nil })
		if want.code != "" {
			return want
		}
		return null()
	})
}

// policy converts the lockout policy in the settings.
func (m *model) policy() policy {
	s := m.settings["lockout-policy"]
	seconds := func(name string) time.Duration { return time.Duration(s[name].(int)) * time.Second }
	return policy{
		enabled: s["enabled"].(bool), threshold: s["failedAttemptThreshold"].(int),
		period: seconds("failedAttemptPeriod"), duration: seconds("lockoutDuration"),
	}
}

// drawGroups returns a function that draws allowed groups for a change. Allowed groups are the groups of LDAP or SAML
// whose members may sign in.
func (m *machine) drawGroups(t *rapid.T) func(fields object) {
	return func(fields object) {
		if !rarely(t, "groups", 3) {
			return
		}
		groups := []object{}
		for range rapid.IntRange(1, 2).Draw(t, "groups") {
			groups = append(groups, object{
				"name":           rapid.SampledFrom([]string{"staff", "guests", " "}).Draw(t, "name"),
				"defaultRoleIds": rapid.SliceOfN(rapid.Custom(m.drawRole), 1, 2).Draw(t, "roles"), "defaultProfileId": 1,
			})
		}
		fields["allowedGroups"] = groups
	}
}

// groupErrors returns the paths of the invalid names of allowed groups in the change.
func (c change) groupErrors() (faults []string) {
	groups, _ := c.fields["allowedGroups"].([]object)
	for i, g := range groups {
		at := fmt.Sprintf("/allowedGroups/%d/name", i)
		if blank(g["name"].(string)) {
			faults = append(faults, at)
		}
		if slices.ContainsFunc(groups[:i], func(before object) bool { return before["name"] == g["name"] }) {
			faults = append(faults, at)
		}
	}
	return faults
}

// checkAllowedGroups sets the allowed groups of a change. Their members get the roles of the group. checkAllowedGroups
// returns the expected error if the caller may not give these roles to users.
func (p *principal) checkAllowedGroups(c change) *expected {
	groups, given := c.fields["allowedGroups"].([]object)
	if !given {
		return nil
	}
	var before []int64
	for _, g := range c.before["allowedGroups"].([]object) {
		before = append(before, g["defaultRoleIds"].([]int64)...)
	}
	checked := []object{}
	for i, g := range groups {
		ids := g["defaultRoleIds"].([]int64)
		if refusal := p.checkSettingRoles(fmt.Sprintf("/allowedGroups/%d/defaultRoleIds", i), before, ids); refusal != nil {
			return refusal
		}
		checked = append(checked, object{
			"name": g["name"], "defaultRoleIds": distinct(ids), "defaultProfileId": g["defaultProfileId"],
		})
	}
	c.after["allowedGroups"] = checked
	return nil
}

func (m *machine) changeLDAP(t *rapid.T) {
	m.patchSettings(t, "ldap-configuration", m.drawGroups(t), func(p *principal, c change) *expected {
		if !p.mayConfigure() {
			return forbidden()
		}
		faults := c.groupErrors()
		url, _ := c.fields["url"].(string)
		if strings.HasPrefix(url, "https") || c.after["enabled"] == true && c.after["url"] == nil {
			faults = append(faults, "/url")
		}
		if len(faults) > 0 {
			return invalid(faults...)
		}
		if refusal := p.checkAllowedGroups(c); refusal != nil {
			return refusal
		}
		return c.keepSecret("searchUserPassword", "url searchUserDN")
	})
}

func (m *machine) changeSAML(t *rapid.T) {
	m.patchSettings(t, "saml-configuration", m.drawGroups(t), func(p *principal, c change) *expected {
		if !p.mayConfigure() {
			return forbidden()
		}
		faults := c.groupErrors()
		if c.fields["providerLoginUrl"] == "provider" || c.after["enabled"] == true && c.after["providerLoginUrl"] == nil {
			faults = append(faults, "/providerLoginUrl")
		}
		if c.fields["signatureCertificate"] == "none" {
			faults = append(faults, "/signatureCertificate")
		}
		if c.after["enabled"] == true && c.after["signatureCertificate"] == nil {
			faults = append(faults, "/signatureCertificate")
		}
		if len(faults) > 0 {
			return invalid(faults...)
		}
		return p.checkAllowedGroups(c)
	})
}

// settingRoles returns the ids of all roles that a setting contains.
func (m *model) settingRoles() []int64 {
	ids := m.defaultRoles()
	for _, group := range words("ldap-configuration saml-configuration") {
		for _, g := range m.settings[group]["allowedGroups"].([]object) {
			ids = slices.Concat(ids, g["defaultRoleIds"].([]int64))
		}
	}
	return ids
}

// replaceInSettings replaces the role id by the role replacementID in all settings.
func (p *principal) replaceInSettings(id, replacementID int64) {
	replaced := func(ids []int64) []int64 { return distinct(append(without(ids, []int64{id}), replacementID)) }
	if ids := p.defaultRoles(); slices.Contains(ids, id) {
		p.settings["application-settings"]["defaultRoleIds"] = replaced(ids)
		p.record("settings.update", "application-settings", 0, "")
	}
	for _, group := range words("ldap-configuration saml-configuration") {
		changed := false
		for _, g := range p.settings[group]["allowedGroups"].([]object) {
			if ids := g["defaultRoleIds"].([]int64); slices.Contains(ids, id) {
				g["defaultRoleIds"], changed = replaced(ids), true
			}
		}
		if changed {
			p.record("settings.update", group, 0, "")
		}
	}
}
