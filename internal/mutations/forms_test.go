package mutations_test

// forms is about the second half of the section "Abusing a browser": pages and their forms.
var forms = []mutation{
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/service/overview.go", in: "internal/console/overview", test: "TestOverviewPermissions",
		text: "part.entity, access.All); denied != nil {",
		with: "part.entity, access.All); denied != nil && false {",
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/console/page/gate.go", in: "internal/console", test: "TestPasswordFirst",
		text: "case q.Caller.User.NeedPasswordReset && !g.route.AllowPasswordReset:",
		with: "case false:",
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/console/settings/section.go", test: "TestSettingsPermissions",
		text: "case administrator && q.RequireAdministrator() != nil:",
		with: "case false:",
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/console/users/access.go", test: "TestUnassignableRoles",
		text: `			o.Hint, o.Disabled = q.Tr(reason), true
`,
		with: `			o.Hint = q.Tr(reason)
`,
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/console/roles/matrix.go", test: "TestMatrixOffersWhatOneHas",
		text: "o.Disabled = o.Disabled || !o.Selected && !gives(q, c.Entity, c.Action, scope)",
		with: "o.Disabled = o.Disabled || !o.Selected && !gives(q, c.Entity, c.Action, scope) && false",
	},
	{
		threat: "a form value that the contract's schema refuses",
		file:   "internal/settings/application.go", test: "TestLimitsOfSettings",
		text: "up.ActivityDays, account.MinActivityDays, account.MaxActivityDays)",
		with: "up.ActivityDays, -1, account.MaxActivityDays)",
	},
	{
		threat: "a form value that the contract's schema refuses",
		file:   "internal/settings/server.go", test: "TestServerSettings",
		text: `"/sessionIdleMinutes", up.SessionIdle, minSessionLife, maxSessionIdle,`,
		with: `"/sessionIdleMinutes", up.SessionIdle, 0, maxSessionIdle,`,
	},
	{
		threat: "a form value that the contract's schema refuses",
		file:   "internal/console/settings/form.go", test: "TestInvalidSettings",
		text: `	if length == 0 {
		q.MarkField(f, name, mustBeOffered)
		return nil
	}
`,
		with: `	if length == 0 {
		return nil
	}
`,
	},
	{
		threat: "an old form that reverts another user's change",
		file:   "internal/console/page/form.go", in: "internal/console/users", test: "TestConcurrentEdits",
		text: "return v.Value(name) != v.Value(OriginalPrefix+name)",
		with: "return true",
	},
	{
		threat: "an old form that reverts another user's change",
		file:   "internal/console/page/form.go", in: "internal/console/profile", test: "TestStaleProfile",
		text: "return v.Value(name) != v.Value(OriginalPrefix+name)",
		with: "return true",
	},
	{
		threat: "an old form that reverts another user's change",
		file:   "internal/console/settings/section.go", test: "TestStaleSettingsAreRefused",
		text: `	if !isCurrent(q, f) {`,
		with: `	if false {`,
	},
	{
		threat: "an old form that reverts another user's change",
		file:   "internal/console/page/form.go", in: "internal/console/roles", test: "TestConcurrentRoleChanges",
		text: "return v.Value(name) != v.Value(OriginalPrefix+name)",
		with: "return true",
	},
	{
		threat: "an old form that reverts another user's change",
		file:   "internal/console/users/access.go", test: "TestNewUserGetsNewDefaultRole",
		text: "|| o.Selected == slices.Contains(original, id):",
		with: "|| o.Selected && slices.Contains(original, id):",
	},
	{
		threat: "deleting many users by mistake",
		file:   "internal/console/users/bulk.go", test: "TestBulk",
		text: `word != "" && typed != word {`,
		with: `word != "" && typed == "" {`,
	},
	{
		threat: "deleting many users by mistake",
		file:   "internal/console/users/bulk.go", test: "TestOneUserIsDeletedByName",
		text: `word != "" && typed != word {`,
		with: `word != "" && typed == "" {`,
	},
	{
		threat: "deleting many users by mistake",
		file:   "internal/console/users/bulk.go", test: "TestBulkBadInput",
		text: "err == nil && len(s.ids) > maxPage {",
		with: "false {",
	},
	{
		threat: "reverting a role, or losing unknown permissions, by an old page",
		file:   "internal/role/permissions.go", test: "TestReplaceRolePermissions",
		text: "if !slices.EqualFunc(old.Permissions, expected, access.Permission.Equal) {",
		with: "if false {",
	},
	{
		threat: "an API key in a history, or on an open page",
		file:   "internal/console/profile/pages.go", test: "TestContractKey",
		text: `"POST " + keysPath + "/contract/show"`,
		with: `"GET " + keysPath + "/contract/show"`,
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/audit/list.go", in: "internal/console/activity", test: "TestActivityPermissions",
		text: `	if all {
`,
		with: `	if all || len(ids) > 0 {
`,
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/console/page/gate.go", in: "internal/console/users", test: "TestUserListPermissions",
		text: `		return account.Allow(q.Caller, g.route.Needs.Action, g.route.Needs.Entity, access.Any)
`,
		with: `		_ = access.Any
		return nil
`,
	},
	{
		threat: "doing in the browser what the API refuses",
		file:   "internal/console/page/gate.go", in: "internal/console/roles", test: "TestRolesNeedPermissions",
		text: `		return account.Allow(q.Caller, g.route.Needs.Action, g.route.Needs.Entity, access.Any)
`,
		with: `		_ = access.Any
		return nil
`,
	},
	{
		threat: "an old form that reverts another user's change",
		file:   "internal/user/roles.go", test: "TestChangeUserRoles",
		text: "kept := slices.DeleteFunc(slices.Clone(current), ",
		with: "kept := slices.DeleteFunc(slices.Clone(current[:0]), ",
	},
	{
		threat: "reverting a role, or losing unknown permissions, by an old page",
		file:   "internal/role/permissions.go", in: "internal/console/roles", test: "TestMatrixIsSavedByTwoAtOnce",
		text: "if !slices.EqualFunc(old.Permissions, expected, access.Permission.Equal) {",
		with: "if false {",
	},
	{
		threat: "reverting a role, or losing unknown permissions, by an old page",
		file:   "internal/console/roles/matrix.go", test: "TestMatrixUnchanged",
		text: `		if !p.Known() {
			requests = append(`,
		with: `		if false {
			requests = append(`,
	},
	{
		threat: "a form with too many fields, or settings for a huge page",
		file:   "internal/console/settings/directory.go", test: "TestGroupsAreLimited",
		text: "const maxShownGroups = 100",
		with: "const maxShownGroups = 1000",
	},
	{
		threat: "an API key in a history, or on an open page",
		file:   "internal/console/profile/keys.go", test: "TestNamedKeys",
		text: `return showSecret(q, text, q.Tr("The key “%s” was made", key.Name),`,
		with: `q.SetFlash(text.Reveal())
		return showSecret(q, text, q.Tr("The key “%s” was made", key.Name),`,
	},
	{
		threat: "reverting a role, or losing unknown permissions, by an old page",
		file:   "internal/console/roles/role.go", test: "TestStaleMatrixIsRefused",
		text: `		if view.Matrix.Seen != q.Value("seen") {
`,
		with: `		if false {
`,
	},
}
