package mutations_test

// settings is about the section "Settings with a destination".
var settings = []mutation{
	{
		threat: "sending a stored password to an attacker's server",
		file:   "internal/settings/secret.go", test: "TestSecretBelongsToItsDestination",
		text: "if !stored || unchanged(c.update) && slices.Equal(c.was, c.now) {",
		with: "if !stored || unchanged(c.update) || slices.Equal(c.was, c.now) {",
	},
	{
		threat: "sending a stored password to an attacker's server",
		file:   "internal/settings/mail_route.go", test: "TestSecretBelongsToItsDestination",
		text: "account.Deref(m.Server), strconv.Itoa(account.Deref(m.Port)),",
		with: "strconv.Itoa(account.Deref(m.Port)),",
	},
	{
		threat: "sending a stored password to an attacker's server",
		file:   "internal/settings/secret.go", test: "TestSealedSecretOpensOnlyInItsPlace",
		text: "json.Marshal(append([]string{name}, to...))",
		with: "json.Marshal([]string{name}[:1+0*len(to)])",
	},
	{
		threat: "sending a stored password to an attacker's server",
		file:   "internal/settings/ldap.go", test: "TestLDAPConfiguration",
		text: "return destination{account.Deref(l.URL), account.Deref(l.SearchUserDN)}",
		with: "return destination{account.Deref(l.URL)}",
	},
	{
		threat: "reading a secret back",
		file:   "internal/settings/secret.go", in: "internal/httpapi", test: "TestSecretsOfSettingsStaySecret",
		text: `logged := []account.FieldChange{{Field: c.field, To: "changed"}}`,
		with: "logged := []account.FieldChange{{Field: c.field, To: (**c.update).Reveal()}}",
	},
	{
		threat: "redirecting mail or links",
		file:   "internal/settings/application.go", test: "TestMailSettingsAreForAdministrators",
		text: "if up.MailUpdate != (MailUpdate{}) {",
		with: "if false {",
	},
	{
		threat: "redirecting mail or links",
		file:   "internal/settings/override.go", test: "TestOperatorOverrides",
		text: `reject("smtpServerAddress", changesOptional(up.Server, m.Server))`,
		with: `reject("smtpServerAddress", false)`,
	},
	{
		threat: "redirecting mail or links",
		file:   "internal/settings/application.go", in: "internal/server", test: "TestFlagsOverrideTheSettings",
		text: `	s.mailOverrides.applyTo(&settings)
`,
		with: "",
	},
	{
		threat: "redirecting mail or links",
		file:   "internal/account/allow.go", in: "internal/httpapi", test: "TestPermissions",
		text: `	return RequireAdministrator(caller)
`,
		with: `	return nil
`,
	},
	{
		threat: "granting roles by a default or an allowed group",
		file:   "internal/settings/allowed_group.go", test: "TestMailSettingsAreForAdministrators",
		text: `	if err := account.RequireCovers(caller, access.Union(added)); err != nil {
		return err
	}
	return unfit.Err()
`,
		with: `	return unfit.Err()
`,
	},
	{
		threat: "granting roles by a default or an allowed group",
		file:   "internal/role/delete.go", in: "internal/settings", test: "TestGroupsUseRoles",
		text: "{s.settings.ReplaceDefaultRole, s.settings.ReplaceLDAPRole, s.settings.ReplaceSAMLRole}",
		with: "{s.settings.ReplaceDefaultRole, s.settings.ReplaceLDAPRole}",
	},
	{
		threat: "reaching a cloud's metadata service",
		file:   "internal/host/host.go", test: "TestCheck", quick: true,
		text: `		if isForbidden(ip) {
`,
		with: `		if false && isForbidden(ip) {
`,
	},
	{
		threat: "reaching a cloud's metadata service",
		file:   "internal/host/host.go", test: "TestLinkLocalIsRefused", quick: true,
		text: `	if isForbidden(target.Addr()) {
`,
		with: `	if false && isForbidden(target.Addr()) {
`,
	},
	{
		threat: "reaching a cloud's metadata service",
		file:   "internal/host/host.go", test: "TestCheck",
		text: `netip.MustParsePrefix("64:ff9b::/96"), `,
		with: "",
	},
	{
		threat: "reaching a cloud's metadata service",
		file:   "internal/mail/smtp.go", test: "TestNamesOfLinkLocalAddressesAreRefused", quick: true,
		text: "net.Dialer{Control: host.RefuseLinkLocal}",
		with: `net.Dialer{}
	_ = host.RefuseLinkLocal`,
	},
	{
		threat: "flooding or scanning by the test message",
		file:   "internal/outbox/test_message.go", test: "TestTestMessage",
		text: "counter.Count(now, testMessageWindow) > maxTestMessages",
		with: "counter.Count(now, testMessageWindow) < 0",
	},
	{
		threat: "flooding or scanning by the test message",
		file:   "internal/mail/configured_sender.go", test: "TestTestSender",
		text: `		return asFailure(err).Cause
`,
		with: `		return asFailure(err).Err.Error()
`,
	},
	{
		threat: "hiding by turning off the activity log",
		file:   "internal/settings/update.go", test: "TestTurningTheActivityLogOffIsRecorded",
		text: "if g.stopsLog != nil && g.stopsLog(now) {",
		with: "if false {",
	},
	{
		threat: "a stricter lockout policy that locks owners out",
		file:   "internal/lockout/counter.go", test: "TestStricterPolicyAllowsOneAttempt",
		text: "if c.Pending > 0 && c.Failures+c.Pending >= p.Threshold {",
		with: "if c.Failures+c.Pending >= p.Threshold {",
	},
	{
		threat: "a stricter lockout policy that locks owners out",
		file:   "internal/settings/lockout.go", in: "internal/console/settings", test: "TestInvalidSettings",
		text: `c.IntRange("/failedAttemptThreshold", up.Threshold, 1, maxThreshold)`,
		with: `c.IntRange("/failedAttemptThreshold", up.Threshold, 0, maxThreshold)`,
	},
	{
		threat: "reading a secret back",
		file:   "client/types.gen.go", test: "TestSecretsOfSettingsAreNotShown",
		text: "func (v ApplicationSettingsUpdate) Format(f fmt.State, verb rune) { format(f, verb, v.masked()) }",
		with: "func (v ApplicationSettingsUpdate) format(f fmt.State, verb rune) { format(f, verb, v.masked()) }",
	},
	{
		threat: "reaching a cloud's metadata service",
		file:   "internal/settings/mail.go", test: "TestBadApplicationSettings",
		text: `		if err := host.Check(*m.Server); err != nil {
`,
		with: `		if err := host.Check(*m.Server); false {
`,
	},
	{
		threat: "a stricter lockout policy that locks owners out",
		file:   "internal/auth/attempt.go", in: "internal/settings", test: "TestUpdateLockoutPolicy",
		text: "policy, err := account.LoadLockoutPolicy(ctx, tx)",
		with: "policy, err := lockout.Default, error(nil)",
	},
}
