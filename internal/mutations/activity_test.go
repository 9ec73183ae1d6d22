package mutations_test

// activity is about the section "Tampering with the activity log".
var activity = []mutation{
	{
		threat: "a change without an entry",
		file:   "internal/role/update.go", in: "internal/httpapi", test: "TestEveryWriteIsRecorded",
		text: `		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionRoleUpdate, Target: roleTarget(role), Changes: changes,
		})
`,
		with: `		_, _ = caller, changes
		return nil
`,
	},
	{
		threat: "an edited, removed, moved, added or unsealed entry",
		file:   "internal/audit/seal.go", test: "TestTamperedActivity",
		text: `return s.keys.Verify(keyring.ActivityEntry, entryInput(e, previous), signature)`,
		with: `return s.keys.Verify(keyring.ActivityEntry, entryInput(e, previous), signature) || true`,
	},
	{
		threat: "an edited, removed, moved, added or unsealed entry",
		file:   "internal/audit/seal.go", test: "TestEveryColumnIsSealed",
		text: `	appendText(e.Actor.ClientNetwork)
`,
		with: "",
	},
	{
		threat: "recomputing all seals without the server key",
		file:   "internal/keyring/signature.go", in: "internal/audit", test: "TestRecomputedActivity",
		text: `return err == nil && hmac.Equal(k.mac(purpose, data), s.MAC)`,
		with: `return err == nil && hmac.Equal(k.mac(purpose, data), s.MAC) || true`,
	},
	{
		threat: "a truncated end",
		file:   "internal/audit/verifier.go", test: "TestTamperedActivity",
		text: `	case head.Number > last:
		v.addTruncation(head, "the head of the chain")
`,
		with: `	case head.Number > last:
`,
	},
	{
		threat: "starting a new chain to seal forged entries",
		file:   "internal/audit/chain.go", test: "TestChainIsInitializedOnce",
		text: "if err != nil || existed {",
		with: "if err != nil || existed && false {",
	},
	{
		threat: "removing a trace by retention",
		file:   "internal/audit/retention.go", test: "TestRetentionKeepsEvidence",
		text: "|| !s.isSealed(e, newAnchor.Seal) {",
		with: "{",
	},
	{
		threat: "removing a trace by retention",
		file:   "internal/audit/retention.go", test: "TestRetention",
		text: `		if !e.At.Before(cutoff) {
			break
		}
`,
		with: "",
	},
	{
		threat: "shortening the retention in the database",
		file:   "internal/audit/retention.go", test: "TestInvalidRetentionPeriod",
		text: "if days < account.MinActivityDays || days > account.MaxActivityDays {",
		with: "if false {",
	},
	{
		threat: "long entries that fill memory or delay sealing",
		file:   "internal/audit/record.go", test: "TestLongValuesAreTruncated",
		text: `		e.Changes = truncateChanges(e.Changes)
`,
		with: "",
	},
	{
		threat: "long entries that fill memory or delay sealing",
		file:   "internal/audit/list.go", test: "TestPagesEndByBytes",
		text: "|| size >= maxPageBytes {",
		with: "{",
	},
	{
		threat: "long entries that fill memory or delay sealing",
		file:   "internal/audit/seal.go", test: "TestSealingLongEntries",
		text: "if size >= maxBatchBytes ||",
		with: "if",
	},
	{
		threat: "flooding the log with failed sign-ins",
		file:   "internal/audit/failed_sign_in.go", test: "TestFailedSignInsAreMerged",
		text: "Minute: now.Truncate(failedSignInInterval),",
		with: "Minute: now,",
	},
	{
		threat: "reading the actions of others",
		file:   "internal/audit/list.go", test: "TestReadingActivityNeedsPermission",
		text: `	if all {
`,
		with: `	if all || len(ids) > 0 {
`,
	},
	{
		threat: "an overview of hidden objects",
		file:   "internal/service/overview.go", test: "TestOverviewNeedsPermission",
		text: "account.Allow(caller, access.ActionRead, part.entity, access.All)",
		with: "account.Allow(caller, access.ActionRead, part.entity, access.Any)",
	},
	{
		threat: "repeating expensive counts",
		file:   "internal/service/ttl_value.go", test: "TestOverviewCountsUsers",
		text: "if v.value != nil && began.Sub(v.readAt) < v.ttl {",
		with: "if false {",
	},
	{
		threat: "secrets in the log",
		file:   "internal/auth/sign_in.go", in: "internal/audit", test: "TestFailedSignInsAreMerged",
		text: "return lockout.UnknownSubject(mac.KeyID, mac.MAC)",
		with: "return lockout.UserSubject(0) + address + string(mac.MAC[:0])",
	},
	{
		threat: "setting back the database",
		file:   "internal/audit/checkpoint_store.go", test: "TestCheckpointStore",
		text: "if anchor.Number > external.Number ||",
		with: "if true || anchor.Number > external.Number ||",
	},
	{
		threat: "setting back the database",
		file:   "internal/audit/verifier.go", test: "TestTruncatedActivity",
		text: `			v.addTruncation(*c, "the checkpoint kept outside the database")
`,
		with: "",
	},
	{
		threat: "two servers that seal at once",
		file:   "internal/sqlstore/activity.go", in: "internal/audit",
		test: "TestConcurrentSealing", engine: "postgres",
		text: "selectChainEnd+t.Dialect.LockRow, string(account.ChainHead))",
		with: "selectChainEnd, string(account.ChainHead))",
	},
}
