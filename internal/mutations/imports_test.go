package mutations_test

// imports is about the section "Lists, invitations and imports".
var imports = []mutation{
	{
		threat: "finding hidden objects by pages or a search",
		file:   "internal/user/page.go", test: "TestFindUsersOnlyReadable",
		text: "q.All, q.IDs = caller.Access.VisibleIDs(access.ActionRead, access.EntityUser, caller.User.ID)",
		with: "q.All = true",
	},
	{
		threat: "finding hidden objects by pages or a search",
		file:   "internal/user/cursor.go", test: "TestFindUsersChecksItsInput",
		text: "|| c.Sort != sort || c.ID < 1 {",
		with: "|| c.ID < 1 {",
	},
	{
		threat: "finding hidden objects by pages or a search",
		file:   "internal/user/users.go", test: "TestUserByEmail",
		text: "if account.Allow(caller, access.ActionRead, access.EntityUser, c.UserID) != nil {",
		with: "if false {",
	},
	{
		threat: "patterns in a search",
		file:   "internal/sqlstore/user.go", test: "TestFindUsers",
		text: "likeEscaper.Replace(word)",
		with: "word",
	},
	{
		threat: "an unused invitation",
		file:   "internal/account/credential.go", in: "internal/recovery", test: "TestInvitation",
		text: "InvitationLifetime = 7 * 24 * time.Hour",
		with: "InvitationLifetime = 30 * time.Minute",
	},
	{
		threat: "an unused invitation",
		file:   "internal/recovery/token.go", test: "TestInvitationExpires",
		text: "|| !s.now().Before(r.Expires)) {",
		with: ") {",
	},
	{
		threat: "an unused invitation",
		file:   "internal/recovery/invitation.go", test: "TestThreeInvitationsAnHour",
		text: "if sent >= maxInvitations {",
		with: "if sent < 0 {",
	},
	{
		threat: "ending an invitation by recovery messages",
		file:   "internal/recovery/token.go", test: "TestInvitationsLeaveRecoveries",
		text: "tx.LimitRecoveries(ctx, userID, kind, maxTokens-1)",
		with: "tx.LimitRecoveries(ctx, userID, account.MailRecovery, maxTokens-1)",
	},
	{
		threat: "ending an invitation by recovery messages",
		file:   "internal/sqlstore/recovery.go", in: "internal/recovery", test: "TestRecoveriesLeaveInvitations",
		text: "DELETE FROM recoveries WHERE user_id = $1 AND kind = $2 AND id NOT IN (",
		with: "DELETE FROM recoveries WHERE user_id = $1 AND id NOT IN (",
	},
	{
		threat: "escalation by an invitation",
		file:   "internal/recovery/invitation.go", test: "TestInvitationNeedsPermission",
		text: `		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "escalation by an invitation",
		file:   "internal/user/create.go", in: "internal/recovery", test: "TestInvitedAtCreation",
		text: "stored[i] = account.StoredUser{User: u.ToUser(settings.DefaultRoleIDs)",
		with: "stored[i] = account.StoredUser{User: u.ToUser(append([]int64{1}, settings.DefaultRoleIDs...))",
	},
	{
		threat: "imported hashes that cost much to verify",
		file:   "internal/passhash/imported.go", test: "TestCheckRefusesHashesBeyondLimits",
		text: "&& h.iterations <= maxIterations",
		with: "",
	},
	{
		threat: "imported hashes that cost much to verify",
		file:   "internal/passhash/encoding.go", test: "TestCheckRefusesHashesBeyondLimits",
		text: "p.Memory > maxMemory || p.work() > maxWork:",
		with: "p.Memory > maxMemory:",
	},
	{
		threat: "a weak hash that stays",
		file:   "internal/auth/sign_in.go", in: "internal/userimport", test: "TestImportedHashIsReplaced",
		text: "if n.passwords.NeedsRehash(c.PasswordHash) {",
		with: "if false {",
	},
	{
		threat: "signing in before an import is complete",
		file:   "internal/userimport/rows.go", test: "TestImport",
		text: `			Profile: u.Profile,
`,
		with: `			Profile: u.Profile, Active: u.Active,
`,
	},
	{
		threat: "signing in before an import is complete",
		file:   "internal/userimport/rows.go", test: "TestImportFaultUndoesAll",
		text: `	i, err = s.failImport(ctx, caller, i, len(faults))
`,
		with: "",
	},
	{
		threat: "activating a user who got more rights meanwhile",
		file:   "internal/userimport/finish.go", test: "TestImportDoesNotActivateUsersWithMoreRights",
		text: "if !slices.Equal(was.RoleIDs, defaultRoles) {",
		with: "if false && !slices.Equal(was.RoleIDs, defaultRoles) {",
	},
	{
		threat: "changing a user later by way of the import",
		file:   "internal/user/update.go",
		in:     "internal/userimport", test: "TestImportReleasesUsersWithChangedAccess",
		text: `			if err := tx.ReleaseImported(ctx, id); err != nil {
				return err
			}
`,
		with: "",
	},
	{
		threat: "changing a user later by way of the import",
		file:   "internal/user/roles.go", in: "internal/userimport", test: "TestImportReleasesUsersWithChangedAccess",
		text: `		if err := tx.ReleaseImported(ctx, id); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "a page of large pictures",
		file:   "internal/user/page.go", test: "TestPageOfLargePicturesEndsEarly",
		text: "|| pictureBytes > maxPictureBytes {",
		with: "{",
	},
	{
		threat: "another caller's import",
		file:   "internal/userimport/import.go", test: "TestImportBelongsToItsCreator",
		text: "|| err == nil && i.UserID != caller.User.ID && !caller.Access.Administrator {",
		with: "{",
	},
	{
		threat: "half an import after a crash",
		file:   "internal/userimport/batch.go", test: "TestImportContinuesAfterCrash",
		text: "return done, tx.DeleteImportRows(ctx, importID, rows[processed-1].Row)",
		with: "return done, nil",
	},
	{
		threat: "imported hashes that cost much to verify",
		file:   "internal/passhash/pool.go", test: "TestExpensiveHashesAreSerialized",
		text: `	if isExpensive(s.pool.params, text) {`,
		with: `	if false && isExpensive(s.pool.params, text) {`,
	},
}
