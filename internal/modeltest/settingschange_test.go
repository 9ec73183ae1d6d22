package modeltest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// patch draws a change of a group and makes it.
func (m *machine) patch(t *rapid.T, group string, more func(fields object), check func(p *principal, c change) *expected) {
	fields := m.drawChange(t, group)
	if more != nil {
		more(fields)
	}
	m.call(t, "PATCH", "/api/"+group, fields, func(p *principal, _ answer) *expected {
		return p.changeSettings(group, fields, func(c change) *expected { return check(p, c) })
	})
}

func (m *machine) changeApplicationSettings(t *rapid.T) {
	m.patch(t, "application-settings", func(fields object) {
		if rapid.Bool().Draw(t, "default roles") {
			if rapid.Bool().Draw(t, "and no more") {
				clear(fields)
			}
			fields["defaultRoleIds"] = rapid.SliceOfN(rapid.Custom(m.drawRole), 1, 3).Draw(t, "roles")
		}
	}, (*principal).checkApplication)
}

// checkApplication refuses what is not allowed. Where mail goes is for
// administrators.
func (p *principal) checkApplication(c change) *expected {
	mail := "smtpServerAddress smtpServerPort smtpAccount smtpAccountPassword smtpUseStartTLS tls emailSender internalCertificate"
	if c.given(mail) && !p.administers() {
		return forbidden()
	}
	if c.fields["emailSender"] == p.sender() { // it was shown, and may be the default
		c.now["emailSender"] = c.was["emailSender"]
	}
	var faults []string
	fault := func(name string, is bool) {
		if is {
			faults = append(faults, "/"+name)
		}
	}
	fault("userRegistration", c.fields["userRegistration"] == true) // nobody registers himself
	fault("internalCertificate", c.fields["internalCertificate"] == "none")
	fault("smtpServerAddress", c.fields["smtpServerAddress"] == "169.254.1.1") // where clouds tell secrets
	fault("emailSender", c.now["emailSender"] == "nobody")
	secured := c.now["tls"] == true || c.now["smtpUseStartTLS"] == true
	both := c.now["tls"] == true && c.now["smtpUseStartTLS"] == true
	fault("tls", both)
	fault("smtpAccount", !secured && c.now["smtpAccount"] != nil && !slices.Contains([]any{nil, "127.0.0.1"}, c.now["smtpServerAddress"]))
	if len(faults) > 0 {
		return invalid(faults...)
	}
	if ids, given := c.fields["defaultRoleIds"].([]int64); given {
		if no := p.nameRoles("/defaultRoleIds", p.defaultRoles(), ids); no != nil {
			return no
		}
		c.now["defaultRoleIds"] = distinct(ids)
	}
	return c.keepSecret("smtpAccountPassword", "smtpServerAddress smtpServerPort smtpAccount smtpUseStartTLS tls")
}

func (m *machine) changeServerSettings(t *rapid.T) {
	m.patch(t, "server-settings", nil, func(p *principal, c change) *expected {
		if c.given("publicUrl emailSenderName") && !p.administers() {
			return forbidden()
		}
		var faults []string
		if c.fields["publicUrl"] == "nonsense" {
			faults = append(faults, "/publicUrl")
		}
		if name, given := c.fields["emailSenderName"].(string); given && blank(name) {
			faults = append(faults, "/emailSenderName")
		}
		if c.now["sessionIdleMinutes"].(int) > c.now["sessionAbsoluteMinutes"].(int) {
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

// idle and absolute are how long a session lives: without use, and in all.
func (m *model) idle() time.Duration {
	return time.Duration(m.settings["server-settings"]["sessionIdleMinutes"].(int)) * time.Minute
}

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

// policy says when failed sign-ins lock an account.
func (m *model) policy() policy {
	s := m.settings["lockout-policy"]
	seconds := func(name string) time.Duration { return time.Duration(s[name].(int)) * time.Second }
	return policy{s["enabled"].(bool), s["failedAttemptThreshold"].(int), seconds("failedAttemptPeriod"), seconds("lockoutDuration")}
}

// drawGroups draws the groups of a directory that may sign in.
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

// groupFaults are what is wrong with the groups of a change.
func (c change) groupFaults() (faults []string) {
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

// nameGroups decides on the roles of the groups of a change.
func (p *principal) nameGroups(c change) *expected {
	groups, given := c.fields["allowedGroups"].([]object)
	if !given {
		return nil
	}
	var before []int64
	for _, g := range c.was["allowedGroups"].([]object) {
		before = append(before, g["defaultRoleIds"].([]int64)...)
	}
	kept := []object{}
	for i, g := range groups {
		ids := g["defaultRoleIds"].([]int64)
		if no := p.nameRoles(fmt.Sprintf("/allowedGroups/%d/defaultRoleIds", i), before, ids); no != nil {
			return no
		}
		kept = append(kept, object{"name": g["name"], "defaultRoleIds": distinct(ids), "defaultProfileId": g["defaultProfileId"]})
	}
	c.now["allowedGroups"] = kept
	return nil
}

func (m *machine) changeLDAP(t *rapid.T) {
	m.patch(t, "ldap-configuration", m.drawGroups(t), func(p *principal, c change) *expected {
		if !p.administers() {
			return forbidden()
		}
		faults := c.groupFaults()
		if url, _ := c.fields["url"].(string); strings.HasPrefix(url, "https") || c.now["enabled"] == true && c.now["url"] == nil {
			faults = append(faults, "/url")
		}
		if len(faults) > 0 {
			return invalid(faults...)
		}
		if no := p.nameGroups(c); no != nil {
			return no
		}
		return c.keepSecret("searchUserPassword", "url searchUserDN")
	})
}

func (m *machine) changeSAML(t *rapid.T) {
	m.patch(t, "saml-configuration", m.drawGroups(t), func(p *principal, c change) *expected {
		if !p.administers() {
			return forbidden()
		}
		faults := c.groupFaults()
		if c.fields["providerLoginUrl"] == "provider" || c.now["enabled"] == true && c.now["providerLoginUrl"] == nil {
			faults = append(faults, "/providerLoginUrl")
		}
		if c.fields["signatureCertificate"] == "none" {
			faults = append(faults, "/signatureCertificate")
		}
		if c.now["enabled"] == true && c.now["signatureCertificate"] == nil {
			faults = append(faults, "/signatureCertificate")
		}
		if len(faults) > 0 {
			return invalid(faults...)
		}
		return p.nameGroups(c)
	})
}

// settingRoles are the roles that settings name.
func (m *model) settingRoles() []int64 {
	ids := m.defaultRoles()
	for _, group := range words("ldap-configuration saml-configuration") {
		for _, g := range m.settings[group]["allowedGroups"].([]object) {
			ids = slices.Concat(ids, g["defaultRoleIds"].([]int64))
		}
	}
	return ids
}

// replaceInSettings puts a role in the place of another wherever settings name it.
func (p *principal) replaceInSettings(id, with int64) {
	replaced := func(ids []int64) []int64 { return distinct(append(without(ids, []int64{id}), with)) }
	if ids := p.defaultRoles(); slices.Contains(ids, id) {
		p.settings["application-settings"]["defaultRoleIds"] = replaced(ids)
		p.note("settings.update", "application-settings", 0, "")
	}
	for _, group := range words("ldap-configuration saml-configuration") {
		changed := false
		for _, g := range p.settings[group]["allowedGroups"].([]object) {
			if ids := g["defaultRoleIds"].([]int64); slices.Contains(ids, id) {
				g["defaultRoleIds"], changed = replaced(ids), true
			}
		}
		if changed {
			p.note("settings.update", group, 0, "")
		}
	}
}
