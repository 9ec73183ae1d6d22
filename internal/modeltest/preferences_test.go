package modeltest_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

func (m *machine) getPreferences(t *rapid.T) {
	m.call(t, "GET", "/api/preferences", nil, (*principal).getPreferences)
}

func (p *principal) getPreferences(answer) *expected {
	if p.user.needReset {
		return refused("PASSWORD_CHANGE_REQUIRED")
	}
	return ok(p.user.preferences())
}

func (u *user) preferences() object {
	language, profile := u.language, u.profile
	if language == "" {
		language = "en"
	}
	return object{"language": language, "preferredProfileId": max(profile, 1)}
}

func (m *machine) changePreferences(t *rapid.T) {
	fields := object{}
	if rapid.Bool().Draw(t, "a language") {
		fields["language"] = rapid.SampledFrom([]string{"en", "pt-BR", "invalid tag"}).Draw(t, "language")
	}
	if rapid.Bool().Draw(t, "a profile") {
		fields["preferredProfileId"] = rapid.IntRange(1, 3).Draw(t, "profile")
	}
	m.call(t, "PATCH", "/api/preferences", fields, func(p *principal, got answer) *expected {
		if p.user.needReset {
			return refused("PASSWORD_CHANGE_REQUIRED")
		}
		if p.narrow != nil && !p.can("user", "edit", p.user.id) {
			return forbidden()
		}
		if fields["language"] == "invalid tag" {
			return invalid("/language")
		}
		before := jsonOf(p.user.preferences())
		if language, given := fields["language"].(string); given {
			p.user.language = language
		}
		if profile, given := fields["preferredProfileId"].(int); given {
			p.user.profile = profile
		}
		if jsonOf(p.user.preferences()) != before {
			p.record("preferences.update", "user", p.user.id, p.user.email)
		}
		return ok(p.user.preferences())
	})
}

// about reads the version of the server without a credential.
func (m *machine) about(t *rapid.T) {
	r := request{method: "GET", path: "/api/about", network: networks[0]}
	m.send(t, "anonymous", r, func(answer) *expected { return ok(object{"version": version}) })
}

// testMessage requests a mail message to the caller, with which an administrator tests the mail settings.
func (m *machine) testMessage(t *rapid.T) {
	m.call(t, "POST", "/api/application-settings/test-message", nil, func(p *principal, _ answer) *expected {
		if refusal := p.authorize("application-settings", "edit", allObjects); refusal != nil {
			return refusal
		}
		if !p.mayConfigure() {
			return forbidden()
		}
		sent := p.counter(fmt.Sprint("test messages of ", p.user.id))
		if before := *sent; p.count(sent, time.Hour) > 5 {
			*sent = before
			return tooMany()
		}
		p.record("settings.test", "application-settings", 0, "")
		return ok(object{"delivered": true, "recipient": p.user.email, "cause": nil})
	})
}
