package mutations_test

// locks is about the rows that a transaction locks before it decides by them.
var locks = []mutation{
	{
		threat: "locking out all administrators",
		file:   "internal/user/update.go", in: "internal/service", test: "TestReplicasRefuseTheLastDemotion",
		text: `			err = tx.LockAdministrators(ctx)
`,
		with: "",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasHoldTheCaller",
		text: `	if caller < updated {
		if err := tx.ShareLockUser(ctx, caller); err != nil {
			return err
		}
`,
		with: `	if caller < updated {
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasHoldTheCaller",
		text: `	return tx.ShareLockUser(ctx, caller)
`,
		with: `	return nil
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasHoldTheCaller",
		text: `			if err := lockForUpdate(ctx, tx, permit.caller.User.ID, id); err != nil {
				return err
			}
`,
		with: "",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/create.go", in: "internal/service", test: "TestReplicasCompareRightsOfOneTime",
		text: "return tx.ShareLockRoles(ctx, sourceID)",
		with: "return nil",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/settings/update.go", in: "internal/service", test: "TestReplicasCompareRightsOfOneTime",
		text: `		return tx.ShareLockRoles(ctx, c.roles...)
`,
		with: `		return nil
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/user/update.go", in: "internal/service", test: "TestReplicasCompareRightsOfOneTime",
		text: `		return tx.ShareLockRoles(ctx, slices.Concat(changedRoles, old.RoleIDs)...)
`,
		with: `		_ = slices.Concat(changedRoles, old.RoleIDs)
		return nil
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/update.go", in: "internal/service", test: "TestReplicasCompareRightsOfOneTime",
		text: "return tx.LockRoles(ctx, id)",
		with: "return nil",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/update.go", in: "internal/service", test: "TestReplicasKeepBothChanges",
		text: "return tx.LockRoles(ctx, id)",
		with: "return nil",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/delete.go", in: "internal/service", test: "TestReplicasCompareRightsOfOneTime",
		text: "return tx.LockRoles(ctx, id, replaceWith)",
		with: "return tx.LockRoles(ctx, id)",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/delete.go", in: "internal/service", test: "TestReplicasCompareRightsOfOneTime",
		text: "return tx.LockRoles(ctx, id, replaceWith)",
		with: "return tx.LockRoles(ctx, replaceWith)",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/delete.go", in: "internal/service", test: "TestReplicasKeepSettingsOfReplacedRoles",
		text: "tx.LockSettings(ctx, account.SettingApplication, account.SettingLDAP, account.SettingSAML)",
		with: "tx.LockSettings(ctx, account.SettingLDAP, account.SettingSAML)",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/delete.go", in: "internal/service", test: "TestReplicasKeepSettingsOfReplacedRoles",
		text: "tx.LockSettings(ctx, account.SettingApplication, account.SettingLDAP, account.SettingSAML)",
		with: "tx.LockSettings(ctx, account.SettingApplication, account.SettingSAML)",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/role/delete.go", in: "internal/service", test: "TestReplicasKeepSettingsOfReplacedRoles",
		text: "tx.LockSettings(ctx, account.SettingApplication, account.SettingLDAP, account.SettingSAML)",
		with: "tx.LockSettings(ctx, account.SettingApplication, account.SettingLDAP)",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/settings/update.go",
		in:     "internal/service", test: "TestReplicasKeepSettingsOfReplacedRoles",
		text: `		if err := tx.LockSettings(ctx, g.name); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/settings/update.go", in: "internal/service", test: "TestReplicasKeepBothChanges",
		text: `		if err := tx.LockSettings(ctx, g.name); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/user/update.go", in: "internal/service", test: "TestReplicasPreventEscalation",
		text: `		return tx.ShareLockRoles(ctx, slices.Concat(changedRoles, old.RoleIDs)...)
`,
		with: `		_ = slices.Concat(changedRoles, old.RoleIDs)
		return nil
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasReadRightsAfterWaiting",
		text: `			if err := lock(ctx, tx); err != nil {
				return err
			}
			current, err := s.Reload(ctx, tx, permit.caller)
			if err != nil {
				return err
			}
`,
		with: `			current, err := s.Reload(ctx, tx, permit.caller)
			if err != nil {
				return err
			}
			if err := lock(ctx, tx); err != nil {
				return err
			}
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/sqlstore/lock.go", test: "TestLocks",
		text: `	if mode.row == "" {
`,
		with: `	if true {
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/sqlstore/lock.go", in: "internal/service", test: "TestReplicasHoldTheUser",
		text: "\treturn t.lockSelected(ctx, mode.row, `SELECT id FROM `+l.table+` WHERE `+where+` ORDER BY id`, arg)\n",
		with: `	return nil
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasHoldTheUser",
		text: `		return tx.LockUsers(ctx, updated)
`,
		with: `		return nil
`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/sqlstore/lock.go", test: "TestPostgresLocksAreFair",
		text: "\terr := t.lockSelected(ctx, mode.key, `",
		with: "\terr := t.lockSelected(ctx, \"\", `",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/sqlstore/throttle.go", test: "TestLocks",
		text: "\treturn one(ctx, &t.querier, scanThrottle, `\n\t\tINSERT INTO",
		with: "\treturn t.Throttle(ctx, key)\n\treturn one(ctx, &t.querier, scanThrottle, `\n\t\tINSERT INTO",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/sqlstore/role.go", test: "TestConcurrentDeletionOfListedIDs",
		text: "\t\tORDER BY id`+t.Dialect.LockRow, string(entity), id)\n",
		with: "\t\tORDER BY id`, string(entity), id)\n",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasDeleteRoles",
		text: "if !errors.Is(err, account.ErrReferenced) || try == maxUpdateTries {",
		with: `if true || try == maxUpdateTries {
			_ = errors.Is`,
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/apikey/named_key.go", in: "internal/service", test: "TestReplicasKeepLimits",
		text: "s.auth.UpdateUserAs(ctx, permit, self, func(",
		with: "s.auth.UpdateAs(ctx, permit, func(",
	},
	{
		threat: "two concurrent requests, valid only one after the other",
		file:   "internal/recovery/invitation.go", in: "internal/service", test: "TestReplicasKeepLimits",
		text: "s.auth.UpdateUserAs(ctx, permit, id, invite)",
		with: "s.auth.UpdateAs(ctx, permit, invite)",
	},
	{
		threat: "locking out all administrators",
		file:   "internal/user/update.go", in: "internal/service", test: "TestAdministratorsDemoteThemselves",
		text: "if err == nil && remaining == 0 {",
		with: "if err == nil && remaining < 0 {",
	},
}
