package mutations_test

// secrets is about the section "Stored and transmitted secrets".
var secrets = []mutation{
	{
		threat: "a copy of the database",
		file:   "internal/passhash/encoding.go", test: "TestHashVerifies", quick: true,
		text: "return subtle.ConstantTimeCompare(got, e.sum) == 1, nil",
		with: "return subtle.ConstantTimeCompare(got, e.sum) <= 1, nil",
	},
	{
		threat: "a copy of the database",
		file:   "internal/keyring/keyring.go", test: "TestOpenNeedsSamePurposeAndContext", quick: true,
		text: "plain, err := aead.Open(nil, nil, sealed.Box, []byte(context))",
		with: "plain, err := aead.Open(nil, nil, sealed.Box, []byte(context[:0]))",
	},
	{
		threat: "a copy of the database",
		file:   "internal/keyring/keyring.go", test: "TestOpenNeedsSamePurposeAndContext",
		text: `aes.NewCipher(derive(k.secret, purpose.name))`,
		with: `aes.NewCipher(derive(k.secret, purpose.name[:0]))`,
	},
	{
		threat: "secrets in logs, errors or answers",
		file:   "internal/secret/secret.go", test: "TestTextIsNeverPrinted", quick: true,
		text: "func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }",
		with: "func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.Reveal()) }",
	},
	{
		threat: "secrets in logs, errors or answers",
		file:   "internal/secret/secret.go", test: "TestTextIsNeverPrinted",
		text: "func (t Text) MarshalText() ([]byte, error) { return []byte(Mask), nil }",
		with: "func (t Text) MarshalText() ([]byte, error) { return []byte(t.Reveal()), nil }",
	},
	{
		threat: "secrets in logs, errors or answers",
		file:   "internal/auth/sign_in.go", in: "e2e", test: "TestSecretsStayInside",
		text: `	session := newSession{`,
		with: `	s.log.Info("sign-in", "password", password.Reveal())
	session := newSession{`,
	},
	{
		threat: "a move that loses, changes or mixes data",
		file:   "internal/dbmove/verify.go", test: "TestMoveFindsDifferences",
		text: "if g := got[i]; g != w {",
		with: "if g := got[i]; false {",
	},
	{
		threat: "a move that loses, changes or mixes data",
		file:   "internal/dbmove/verify.go", test: "TestMoveFindsConcurrentWrites",
		text: "if g := got[i]; g != w {",
		with: "if g := got[i]; false {",
	},
	{
		threat: "a move that loses, changes or mixes data",
		file:   "internal/dbmove/copy.go", test: "TestMoveContinues",
		text: `	last, err := m.target.lastKey(ctx, t)
	if err != nil {
		return err
	}
`,
		with: `	_, err = m.target.lastKey(ctx, t)
	if err != nil {
		return err
	}
	var last []any
`,
	},
	{
		threat: "a move that loses, changes or mixes data",
		file:   "internal/dbmove/move.go", test: "TestMoveRefusesAnotherSource",
		text: "if source != identity {",
		with: "if false {",
	},
	{
		threat: "reused ids after a move",
		file:   "internal/dbmove/copy.go", test: "TestMovedDatabaseOpens",
		text: `	return m.target.engine.setSequence(ctx, m.target.db, t, id)
`,
		with: `	return nil
`,
	},
	{
		threat: "other users of the machine",
		file:   "internal/config/server.go", test: "TestSecret",
		text: `case value != "" && file != "":`,
		with: "case false:",
	},
	{
		threat: "other users of the machine",
		file:   "internal/datadir/lock.go", in: "e2e", test: "TestPrivateFiles",
		text: "os.MkdirAll(data, 0o700)",
		with: "os.MkdirAll(data, 0o755)",
	},
	{
		threat: "reading mail in transit",
		file:   "internal/mail/smtp.go", test: "TestSMTPFails",
		text: `if offered, _ := client.Extension("STARTTLS"); !offered {`,
		with: `if offered, _ := client.Extension("STARTTLS"); !offered {
			return client, nil
		}
		if offered, _ := client.Extension("STARTTLS"); !offered {`,
	},
	{
		threat: "reading mail in transit",
		file:   "internal/mail/smtp_config.go", test: "TestNewSMTPChecksItsSettings",
		text: `if c.Username != "" && c.TLS == NoTLS && !host.IsLoopback(c.Host) {`,
		with: "if false {",
	},
	{
		threat: "a session that never ends",
		file:   "internal/auth/authenticate.go", test: "TestSessionEnds",
		text: `	if !now.Before(expires) {
`,
		with: `	if false {
`,
	},
	{
		threat: "a session that never ends",
		file:   "internal/auth/principal_cache.go", test: "TestCachedCredentialsExpire",
		text: "&& (p.Expires.IsZero() || now.Before(p.Expires))",
		with: "",
	},
	{
		threat: "a session that never ends",
		file:   "internal/auth/principal_cache.go", test: "TestUseOfCachedCredentialsIsStored",
		text: "return now.Before(p.LastUsed.Add(touchInterval)) &&",
		with: "return",
	},
	{
		threat: "a session that never ends",
		file:   "internal/account/credential.go", in: "internal/auth", test: "TestSessionLifetimesAreSettings",
		text: "s.LastSeen.Add(settings.SessionIdle), s.Created.Add(settings.SessionAbsolute)",
		with: "s.LastSeen.Add(SessionIdle), s.Created.Add(SessionAbsolute)",
	},
	{
		threat: "a session that never ends",
		file:   "internal/auth/session.go", test: "TestSignOutEndsOneSession",
		text: `		if err := tx.DeleteSession(ctx, caller.Session.ID); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "a database password on a command line",
		file:   "internal/server/migrate_data.go", in: "e2e", test: "TestMigrateDataTakesNoPassword",
		text: `	if password || address.Query()`,
		with: `	if false && password || address.Query()`,
	},
}
