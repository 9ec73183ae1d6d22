package mutations_test

// escalation is about the section "Escalation", but for locks.
var escalation = []mutation{
	{
		threat: "acting without a permission",
		file:   "internal/access/access.go", in: "internal/account", test: "TestAllow", quick: true,
		text: `case !registered(e, act) || !a.grants(e, act, hasAnyScope):
		return Denied`,
		with: `case !registered(e, act) || !a.grants(e, act, hasAnyScope):
		return Granted`,
	},
	{
		threat: "acting without a permission",
		file:   "internal/user/delete.go", in: "internal/httpapi", test: "TestPermissions",
		text: "access.ActionDelete, access.EntityUser",
		with: "access.ActionRead, access.EntityUser",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/access/access.go", test: "TestCovers", quick: true,
		text: `	if b.Administrator {
		return false
	}
`,
		with: "",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/account/allow.go", in: "internal/service", test: "TestNoEscalation",
		text: "if !access.Covers(caller.Access, required) {",
		with: "if false {",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/user/update.go", in: "internal/service", test: "TestNoEscalation",
		text: `		if up.TouchesAccess() {
			if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
				return err
			}
		}
`,
		with: "",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/user/roles.go", test: "TestUsersWithMorePermissionsAreRefused",
		text: `		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/user/roles.go", in: "internal/service", test: "TestNoEscalation",
		text: `	return account.RequireCovers(caller, access.Union(roles))
`,
		with: `	return nil
`,
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/user/delete.go", test: "TestUsersWithMorePermissionsAreRefused",
		text: `		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/user/update.go", test: "TestUpdateOneself",
		text: "if caller.User.ID == id && !caller.User.NeedPasswordReset {",
		with: "if false {",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/auth/update.go", test: "TestAccessIsReloaded",
		text: `			if err := permit.check(current); err != nil {
				return err
			}
`,
		with: "",
	},
	{
		threat: "escalation by a role",
		file:   "internal/role/permissions.go", test: "TestSetRolePermissionsRefuses",
		text: `		if err := account.RequireCovers(caller, access.Union([]access.Role{role})); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "escalation by a role",
		file:   "internal/role/update.go", test: "TestSetRolePermissionsRefuses",
		text: `	if err := account.RequireCovers(caller, access.Union([]access.Role{role})); err != nil {
		return access.Role{}, err
	}
`,
		with: "",
	},
	{
		threat: "escalation by a role",
		file:   "internal/role/create.go", test: "TestCopyRole",
		text: `		if err := account.RequireCovers(caller, access.Union([]access.Role{original})); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "escalation by a role",
		file:   "internal/role/delete.go", test: "TestDeleteRoleRefusesToReplace",
		text: `	return roles[0], account.RequireCovers(caller, access.Union(append(rolesOfHolders, roles...)))
`,
		with: `	_ = rolesOfHolders
	return roles[0], nil
`,
	},
	{
		threat: "escalation by a role",
		file:   "internal/role/delete.go", test: "TestDeleteRoleRefusesToReplace",
		text: "access.Union(append(rolesOfHolders, roles...))",
		with: "access.Union(rolesOfHolders)",
	},
	{
		threat: "escalation by a role",
		file:   "internal/role/delete.go", test: "TestDeleteRoleRefusesToReplace",
		text: "access.Union(append(rolesOfHolders, roles...))",
		with: "access.Union(roles[:len(roles)+0*len(rolesOfHolders)])",
	},
	{
		threat: "a permission whose scope widens later",
		file:   "internal/access/request.go", test: "TestParse", quick: true,
		text: `	case r.IDs != nil && len(*r.IDs) == 0:
		fail("entityIds", "must be null, for all, or list at least one id")
`,
		with: `	case r.IDs != nil && len(*r.IDs) == 0:
`,
	},
	{
		threat: "a permission whose scope widens later",
		file:   "internal/sqlstore/role.go", test: "TestDeleteRole",
		text: `	if err := t.removeListedID(ctx, access.EntityRole, id); err != nil {
		return err
	}
`,
		with: "",
	},
	{
		threat: "a permission whose scope widens later",
		file:   "internal/role/permissions.go", test: "TestSetRolePermissionsRefuses",
		text: "if !p.Known() && !slices.ContainsFunc(old, p.Equal) {",
		with: "if false && !slices.ContainsFunc(old, p.Equal) {",
	},
	{
		threat: "rights that outlive their role",
		file:   "internal/auth/invalidation.go", test: "TestRevokedCredentialIsNeverAcceptedLocally",
		text: `	defer func() { s.principals.invalidate(changes) }()
`,
		with: "",
	},
	{
		threat: "rights that outlive their role",
		file:   "internal/auth/principal_cache.go", test: "TestChangesReachEveryNode",
		text: `	c.invalidateLocked(batch.Changes)
`,
		with: "",
	},
	{
		threat: "rights that outlive their role",
		file:   "internal/auth/update.go", test: "TestAccessIsReloaded",
		text: "current, err := s.Reload(ctx, tx, permit.caller)",
		with: "current, err := permit.caller, error(nil)",
	},
	{
		threat: "a revocation that a server does not receive",
		file:   "internal/auth/principal_cache.go", test: "TestNodeReadsDatabaseWhilePollFails",
		text: "!c.polledAt.IsZero() && monotonic.Sub(c.polledAt) < maxStaleness",
		with: "!c.polledAt.IsZero()",
	},
	{
		threat: "a revocation that a server does not receive",
		file:   "internal/auth/invalidation.go", test: "TestUnpolledRevocation",
		text: "maxStaleness = 750 * time.Millisecond",
		with: "maxStaleness = 7500 * time.Millisecond",
	},
	{
		threat: "a revocation that a server does not receive",
		file:   "internal/auth/principal_cache.go", test: "TestGapEmptiesTheCache",
		text: "gap < 0 || gap > maxPollGap ||",
		with: "gap < 0 ||",
	},
	{
		threat: "a revoked token on a machine that was suspended",
		file:   "internal/monotime/monotime.go", test: "TestSuspendIsDetected", quick: true,
		text: `		c.missed += divergence
`,
		with: "",
	},
	{
		threat: "a revoked token on a machine that was suspended",
		file:   "internal/monotime/monotime.go", in: "internal/auth", test: "TestResumedNodeReadsDatabase",
		text: "return monotonic.Add(missed)",
		with: "return monotonic.Add(0 * missed)",
	},
	{
		threat: "a change without an invalidation",
		file:   "internal/sqlstore/role.go", test: "TestAuthChange",
		text: `func (t roleWriter) UpdateRole(ctx context.Context, r access.Role) error {
	if err := t.changed(ctx, account.AuthRole, r.ID); err != nil {
		return err
	}
`,
		with: `func (t roleWriter) UpdateRole(ctx context.Context, r access.Role) error {
`,
	},
	{
		threat: "a change without an invalidation",
		file:   "internal/sqlstore/conformance_auth_change_test.go", test: "TestWriterMethodsAreClassified",
		text: `"UpdateRole"`,
		with: `"UpdateTheRole"`,
	},
	{
		threat: "rights that outlive their role",
		file:   "internal/auth/invalidation.go", in: "internal/role", test: "TestRolePermissionsApplyAtOnce",
		text: `	defer func() { s.principals.invalidate(changes) }()
`,
		with: "",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/user/update.go", test: "TestUpdateNeedsPermission",
		text: `	if up.TouchesAccess() {
		if err := account.Allow(caller, access.ActionEditAccess, access.EntityUser, id); err != nil {
			return err
		}
	}
`,
		with: "",
	},
	{
		threat: "granting oneself more, or taking over a user with more",
		file:   "internal/recovery/invitation.go",
		in:     "internal/user", test: "TestUsersWithMorePermissionsAreRefused",
		text: `		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "caching data that was read just before a change",
		file:   "internal/auth/principal_cache.go", test: "TestLoadDuringChangeIsNotCached",
		text: "if c.generation != generation || !c.trusted(monotonic) ||",
		with: "if !c.trusted(monotonic) ||",
	},
	{
		threat: "caching data that was read just before a change",
		file:   "internal/auth/principal_cache.go", test: "TestLoadDuringChangeIsNotCached",
		text: `		c.generation++
`,
		with: "",
	},
	{
		threat: "a change with an unknown outcome, or a slow commit",
		file:   "internal/auth/invalidation.go", test: "TestRevocationWithUnknownOutcomeAppliesLocally",
		text: `		defer func() { changes = append(changes, tx.InsertedAuthChanges()...) }()
		return f(ctx, tx)
`,
		with: `		err := f(ctx, tx)
		return err
`,
	},
	{
		threat: "a change with an unknown outcome, or a slow commit",
		file:   "internal/auth/invalidation.go", test: "TestSlowChangeIsAnnouncedAgain",
		text: "err == nil && len(changes) > 0 && s.monotonic().Sub(began) > slowCommit",
		with: "false && s.monotonic().Sub(began) > slowCommit",
	},
	{
		threat: "a change with an unknown outcome, or a slow commit",
		file:   "internal/auth/invalidation.go", test: "TestSlowChangeIsAnnouncedLater",
		text: "err != nil && (committed || errors.Is(err, account.ErrOutcomeUnknown))",
		with: "errors.Is(err, account.ErrOutcomeUnknown)",
	},
	{
		threat: "a change with an unknown outcome, or a slow commit",
		file:   "internal/auth/invalidation.go", test: "TestChangeThatBecomesVisibleLate",
		text: `		s.pending.add(changes, s.monotonic())
`,
		with: "",
	},
	{
		threat: "a change with an unknown outcome, or a slow commit",
		file:   "internal/auth/pending_invalidations.go", test: "TestRetriesEnd",
		text: "r.delay *= 2; r.delay > maxRetryDelay",
		with: "r.delay *= 1; r.delay > maxRetryDelay",
	},
	{
		threat: "a change with an unknown outcome, or a slow commit",
		file:   "internal/auth/pending_invalidations.go", test: "TestPendingInvalidationsAreBounded",
		text: "if len(p.next) >= maxPending {",
		with: "if false {",
	},
	{
		threat: "filling memory by many sign-ins",
		file:   "internal/auth/principal_cache.go", test: "TestPrincipalCacheIsBounded",
		text: "for c.bytes > c.maxBytes {",
		with: "for false {",
	},
	{
		threat: "an outdated answer about a user",
		file:   "internal/auth/principal_cache.go", test: "TestChangesReachEveryNode",
		text: `		c.users.invalidate(change)
`,
		with: "",
	},
	{
		threat: "an outdated answer about a user",
		file:   "internal/auth/user_cache.go", test: "TestUserCacheIsBounded",
		text: "*c.bytes > maxCachedUserBytes; {",
		with: "false; {",
	},
	{
		threat: "locking out all administrators",
		file:   "internal/user/update.go", in: "internal/service", test: "TestLastAdministrator",
		text: "if err == nil && remaining == 0 {",
		with: "if err == nil && remaining < 0 {",
	},
	{
		threat: "finding out which objects exist",
		file:   "internal/access/access.go", in: "internal/user", test: "TestNotFoundIsIndistinguishable",
		text: `	return Hidden
}`,
		with: `	return Denied
}`,
	},
	{
		threat: "finding out which objects exist",
		file:   "internal/account/allow.go", in: "internal/httpapi", test: "TestHiddenIsNotFound",
		text: `		hidden.Hidden = true
		return hidden
`,
		with: `		hidden.Hidden = true
		return Forbidden()
`,
	},
	{
		threat: "continuing with a first or reset password",
		file:   "internal/account/allow.go", in: "internal/service", test: "TestPasswordChangeRequired",
		text: `	if err := RequirePasswordChanged(caller); err != nil {
		return err
	}
	if caller.Credential.Kind`,
		with: `	if caller.Credential.Kind`,
	},
	{
		threat: "continuing with a first or reset password",
		file:   "internal/service/servicetest/operations.go", in: "internal/service", test: "TestOperationsAreListed",
		text: `"UpdateSAMLConfiguration":`,
		with: `"UpdateSAML":`,
	},
	{
		threat: "a revoked token on a machine that was suspended",
		file:   "internal/sqldb/postgres/clock.go", test: "TestClockAfterSuspend",
		text: `		case <-c.suspend:
`,
		with: "",
	},
}
