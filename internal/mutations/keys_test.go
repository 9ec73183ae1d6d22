package mutations_test

// keys is about the section "API keys and sessions".
var keys = []mutation{
	{
		threat: "a copy of the database",
		file:   "internal/apikey/contract_key.go", test: "TestKeysAreNotStored",
		text: `	return s.keys.Seal(id, keyring.ContractKey, sealContext(key), []byte(text.Reveal()))
`,
		with: `	return keyring.Sealed{KeyID: id, Box: []byte(text.Reveal())}, nil
`,
	},
	{
		threat: "a copy of the database",
		file:   "internal/apikey/contract_key.go", test: "TestSealedKeyIsBound",
		text: `[]string{"api-key", strconv.FormatInt(key.ID, 10), strconv.FormatInt(key.UserID, 10)}`,
		with: `[]string{"api-key", strconv.FormatInt(0*key.ID, 10)}`,
	},
	{
		threat: "a copy of the database",
		file:   "internal/apikey/contract_key.go", test: "TestSealedKeyIsBound",
		text: "err != nil || hash != key.Hash {",
		with: "err != nil || hash == [32]byte{} {",
	},
	{
		threat: "guessing keys",
		file:   "internal/token/token.go", in: "internal/auth", test: "TestForeignTokens",
		text: "if sum := checksum(t[:split]); string(sum[:]) != t[split:] {",
		with: "if false {",
	},
	{
		threat: "a key that leaks from a script",
		file:   "internal/account/allow.go", in: "internal/apikey", test: "TestNamedKeyIsDenied",
		text: `	if caller.Credential.Kind == CredentialNamedKey && (entity`,
		with: `	if false && (entity`,
	},
	{
		threat: "a key that leaks from a script",
		file:   "internal/account/allow.go", in: "internal/apikey", test: "TestNamedKeyIsDenied",
		text: `	if caller.Credential.Kind == CredentialNamedKey {
`,
		with: `	if false {
`,
	},
	{
		threat: "a key that leaks from a script",
		file:   "internal/auth/authenticate.go", in: "internal/apikey", test: "TestKeyExpires",
		text: `	if key.Expired(now) {
`,
		with: `	if false {
`,
	},
	{
		threat: "a key that leaks from a script",
		file:   "internal/apikey/named_key.go", in: "internal/httpapi", test: "TestKeyPermissions",
		text: `	case n.ReadOnly:
		return readPermissions(), nil
`,
		with: "",
	},
	{
		threat: "a narrowed key with too many rights",
		file:   "internal/access/intersect.go", test: "TestIntersect", quick: true,
		text: `	case key.Scope == ScopeAll:
		return own, true
`,
		with: `	case key.Scope == ScopeAll:
		return key, true
`,
	},
	{
		threat: "a narrowed key with too many rights",
		file:   "internal/access/intersect.go", test: "TestIntersectGrantsWhatBothGrant",
		text: "return own, slices.Contains(key.IDs, self)",
		with: "return own, true",
	},
	{
		threat: "a narrowed key with too many rights",
		file:   "internal/auth/authenticate.go", in: "internal/apikey", test: "TestNarrowedKeyIsIntersectedAtUse",
		text: `	if key.Permissions != nil {
`,
		with: `	if false {
`,
	},
	{
		threat: "a narrowed key with too many rights",
		file:   "internal/access/intersect.go", in: "internal/apikey", test: "TestNarrowedKeyCoversByItself",
		text: `	case owner.Administrator:
		return key
`,
		with: `	case owner.Administrator:
		return owner
`,
	},
	{
		threat: "a key that outlives its reason",
		file:   "internal/auth/authenticate.go", in: "internal/apikey", test: "TestKeyStops",
		text: "if p.Access.Decide(access.ActionCreate, access.EntityAPIKey, owner, owner) != access.Granted {",
		with: "if false {",
	},
	{
		threat: "a key that outlives its reason",
		file:   "internal/auth/authenticate.go", in: "internal/apikey", test: "TestKeyStops",
		text: "|| err == nil && !user.Active {",
		with: "{",
	},
	{
		threat: "a key that outlives its reason",
		file:   "internal/auth/password.go", in: "internal/apikey", test: "TestResetKeepsKeysWhenAsked",
		text: `	if !r.KeepKeys {
`,
		with: `	if true {
`,
	},
	{
		threat: "a key that outlives its reason",
		file:   "internal/auth/password.go", in: "internal/apikey", test: "TestKeyStops",
		text: `	if !r.KeepKeys {
`,
		with: `	if false {
`,
	},
	{
		threat: "a key that outlives its reason",
		file:   "internal/auth/update.go", in: "internal/service", test: "TestReplicasLeaveNoAccess",
		text: `			if err := lockForUpdate(ctx, tx, permit.caller.User.ID, id); err != nil {
				return err
			}
`,
		with: "",
	},
	{
		threat: "a key that an attacker creates",
		file:   "internal/apikey/key.go", test: "TestKeyChangesAreMailed",
		text: "return s.outbox.Notify(ctx, tx, account.MailNewAPIKey,",
		with: `if key.Name == "" {
		return nil
	}
	return s.outbox.Notify(ctx, tx, account.MailNewAPIKey,`,
	},
	{
		threat: "a key that an attacker creates",
		file:   "internal/outbox/notice.go", in: "internal/apikey", test: "TestKeyMailsAnHour",
		text: "|| sent >= maxNotices {",
		with: "|| sent < 0 {",
	},
	{
		threat: "a key that an attacker creates",
		file:   "internal/mail/template.go", test: "TestNewAPIKey",
		text: `content.At.UTC().Format("2 January 2006, 15:04 UTC")`,
		with: `""`,
	},
	{
		threat: "guessing the password with a stolen key",
		file:   "internal/auth/password.go", in: "internal/apikey", test: "TestWrongCurrentPasswordsByKey",
		text: `			failures, err := tx.AddAPIKeyFailure(ctx, id)
			if err != nil || failures < maxCredentialFailures {`,
		with: `			_, err := tx.AddAPIKeyFailure(ctx, id)
			if err == nil || err != nil {`,
	},
	{
		threat: "a session on a lost device",
		file:   "internal/auth/session.go", test: "TestEndSessions",
		text: `		Delete: func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, id) },
`,
		with: `		Delete: func(ctx context.Context, tx *account.Tx) error { return nil },
`,
	},
	{
		threat: "a session on a lost device",
		file:   "internal/auth/session.go", test: "TestEndSessions",
		text: `			spare = caller.Credential.SessionID()
`,
		with: "",
	},
	{
		threat: "a session on a lost device",
		file:   "internal/auth/end_credential.go", test: "TestEndSessionsOfOthers",
		text: `	return owner, account.RequireCoversUser(ctx, tx, caller, ownerID)
`,
		with: `	return owner, nil
`,
	},
	{
		threat: "a session on a lost device",
		file:   "internal/auth/end_credential.go", in: "internal/apikey", test: "TestKeysOfOthers",
		text: `	return owner, account.RequireCoversUser(ctx, tx, caller, ownerID)
`,
		with: `	return owner, nil
`,
	},
	{
		threat: "a session on a lost device",
		file:   "internal/service/emergency.go", test: "TestEmergencyEndKeys",
		text: `		if err := tx.DeleteAPIKeysOf(ctx, c.UserID); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "a session on a lost device",
		file:   "internal/service/emergency.go", in: "e2e", test: "TestAdminCommandsRevokeWithinASecond",
		text: `		if err := auth.EndAccess(ctx, tx, c.UserID); err != nil {
			return err
		}
`,
		with: "",
	},
}
