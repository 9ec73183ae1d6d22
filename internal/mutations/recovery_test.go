package mutations_test

// recovery is about the section "Recovery".
var recovery = []mutation{
	{
		threat: "a guessed, expired or reused token",
		file:   "internal/recovery/token.go", test: "TestRecoveryExpires",
		text: "|| !s.now().Before(r.Expires)) {",
		with: ") {",
	},
	{
		threat: "a guessed, expired or reused token",
		file:   "internal/auth/password.go", in: "internal/recovery", test: "TestRecoveryIsUsedOnce",
		text: `	return tx.DeleteRecoveriesOf(ctx, userID)
`,
		with: `	return nil
`,
	},
	{
		threat: "a guessed, expired or reused token",
		file:   "internal/recovery/token.go", in: "internal/service", test: "TestReplicasUseATokenOnce",
		text: `	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return account.Recovery{}, err
	}
`,
		with: `	_ = found
`,
	},
	{
		threat: "a guessed, expired or reused token",
		file:   "internal/recovery/token.go", test: "TestGuessedTokensCount",
		text: `		return s.auth.FailNetwork(ctx, tx, clientNetwork, s.now())
`,
		with: `		return nil
`,
	},
	{
		threat: "unused tokens",
		file:   "internal/recovery/token.go", test: "TestThreeLiveTokens",
		text: "tx.LimitRecoveries(ctx, userID, kind, maxTokens-1)",
		with: "error(nil)",
	},
	{
		threat: "unused tokens",
		file:   "internal/user/update.go", in: "internal/recovery", test: "TestTokensAreRevoked",
		text: `		if err := tx.DeleteRecoveriesOf(ctx, user.ID); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "unused tokens",
		file:   "internal/auth/password.go", in: "internal/recovery", test: "TestTokensAreRevoked",
		text: `	if err := tx.DeleteRecoveriesOf(ctx, c.UserID); err != nil {
		return err
	}
`,
		with: "",
	},
	{
		threat: "a link to another host",
		file:   "internal/recovery/token.go", test: "TestRecoveryLink",
		text: `	if public == nil {
		return ""
	}
`,
		with: `	if public == nil {
		return "/reset-password?token=" + recovery
	}
`,
	},
	{
		threat: "a link to another host",
		file:   "internal/settings/public_url.go", in: "internal/recovery", test: "TestRecoveryLink",
		text: `	if s.publicURLOverride != nil {
		return s.publicURLOverride, nil
	}
`,
		with: "",
	},
	{
		threat: "a link to another host",
		file:   "internal/settings/public_url.go", test: "TestPublicURLOfLinks",
		text: "if err != nil || settings.PublicURL == nil {",
		with: "if true || err != nil || settings.PublicURL == nil {",
	},
	{
		threat: "a scanner that follows the link",
		file:   "internal/console/signin/reset.go", test: "TestGetDoesNotConsumeToken",
		text: `	if query := q.URL.Query(); query.Has("token") {
`,
		with: `	if query := q.URL.Query(); query.Has("token") {
		q.SetCookie(page.ResetCookie, "", -1)
		return notifyInvalidLink(q)
	}
	if query := q.URL.Query(); query.Has("token") {
`,
	},
	{
		threat: "the token in history, Referer or a proxy's log",
		file:   "internal/console/signin/reset.go", test: "TestLinkMovesTheTokenIntoACookie",
		text: `	return q.Redirect(resetPath)
`,
		with: `	return q.Show("form.html", "Choose a new password", resetForm(q, secret.New(token)))
`,
	},
	{
		threat: "the token in history, Referer or a proxy's log",
		file:   "internal/console/signin/reset.go", test: "TestLinkMovesTheTokenIntoACookie",
		text: `	q.Writer.Header().Set("Referrer-Policy", "no-referrer")
`,
		with: "",
	},
	{
		threat: "an attacker's link or phone number in a message, as a name",
		file:   "internal/mail/template.go", test: "TestNamesThatCouldBecomeLinksAreOmitted",
		text: "displayName(content.Name)",
		with: "content.Name",
	},
	{
		threat: "flooding a mailbox",
		file:   "internal/recovery/forgotten_password.go", test: "TestThreeMailsAnHour",
		text: "|| sent >= maxRecoveryMails ",
		with: "",
	},
	{
		threat: "flooding a mailbox",
		file:   "internal/recovery/forgotten_password.go", test: "TestTwentyRequestsAnHour",
		text: "if counter.Count(now, requestWindow) > maxRequests {",
		with: "if counter.Count(now, requestWindow) < 0 {",
	},
	{
		threat: "a message lost or duplicated by a crash or a second server",
		file:   "internal/outbox/claim.go", test: "TestClaimedMailIsRetried",
		text: `	claimed.NextAttempt = now.Add(claimLease)
`,
		with: `	claimed.NextAttempt = now.Add(24 * time.Hour)
`,
	},
	{
		threat: "a message lost or duplicated by a crash or a second server",
		file:   "internal/outbox/claim.go", test: "TestClaimedMailIsRetried",
		text: "|| m.Attempts != d.Attempt {",
		with: "{",
	},
	{
		threat: "a message lost or duplicated by a crash or a second server",
		file:   "internal/outbox/claim.go", in: "internal/service", test: "TestReplicasDeliverOnce",
		text: `	claimed.NextAttempt = now.Add(claimLease)
`,
		with: `	claimed.NextAttempt = now
`,
	},
	{
		threat: "reading tokens from the outbox",
		file:   "internal/outbox/claim.go", test: "TestDeliveredMailIsCleared",
		text: "m.State, m.Finished, m.Sealed = state, s.now(), keyring.Sealed{}",
		with: `m.State, m.Finished = state, s.now()
	_ = keyring.Sealed{}`,
	},
	{
		threat: "reading tokens from the outbox",
		file:   "internal/outbox/compose.go", test: "TestSealedMailOpensOnlyInItsRow",
		text: `return "mail|" + strconv.FormatInt(mailID, 10)`,
		with: `return "mail|" + strconv.FormatInt(0*mailID, 10)`,
	},
	{
		file: "internal/recovery/forgotten_password.go", test: "TestForgottenPasswordIsIndistinguishable",
		text: `	if err == nil {
		s.outbox.Wake()
	}
`,
		with: `	key, _ := account.ParseEmail(email)
	if _, look := s.store.(account.UserReader).CredentialByEmail(ctx, key); look == nil && err == nil {
		s.outbox.Wake()
	}
`,
	},
	{
		file: "internal/recovery/retrieve_password.go", test: "TestRecovery",
		text: `	if err := tx.DeleteThrottlesOf(ctx, lockout.UserSubject(r.UserID)); err != nil {
		return 0, err
	}
`,
		with: `	_ = lockout.UserSubject
`,
	},
	{
		file: "internal/auth/password.go", in: "internal/recovery", test: "TestRecovery",
		text: `	if err := tx.DeleteSessionsOf(ctx, userID, 0); err != nil {
		return err
	}
`,
		with: "",
	},
	{
		threat: "a link to another host",
		file:   "internal/config/server.go", test: "TestLocalURL",
		text: "ok && tcp.IP.IsLoopback() {",
		with: "ok {",
	},
	{
		threat: "a message lost or duplicated by a crash or a second server",
		file:   "internal/outbox/claim.go", test: "TestParallelWorkersClaimOnce",
		text: `	claimed.NextAttempt = now.Add(claimLease)
`,
		with: `	claimed.NextAttempt = now
`,
	},
}
