package mutations_test

// guessing is about the section "Guessing passwords", and about finding out which accounts exist.
var guessing = []mutation{
	{
		threat: "many guesses at one account",
		file:   "internal/lockout/counter.go", test: "TestVerifiedGuessesNeverExceedThreshold", quick: true,
		text: "if c.Pending > 0 && c.Failures+c.Pending >= p.Threshold {",
		with: "if false {",
	},
	{
		threat: "many guesses at one account",
		file:   "internal/lockout/counter.go", test: "TestFirstLock", quick: true,
		text: "if c.Failures < p.Threshold && c.WindowFailures < dailyThreshold {",
		with: "if c.WindowFailures < dailyThreshold {",
	},
	{
		threat: "many guesses at one account",
		file:   "internal/lockout/counter.go", test: "TestLockDurationDoubles",
		text: `	c.LockedUntil = now.Add(length)
	c.Streak++
`,
		with: `	c.LockedUntil = now.Add(length)
`,
	},
	{
		threat: "many guesses at one account",
		file:   "internal/lockout/counter.go", test: "TestTimedOutReservationCountsAsFailure",
		text: "c.Pending > 0 && !now.Before(timedOut)",
		with: "false && !now.Before(timedOut)",
	},
	{
		threat: "many guesses at one account",
		file:   "internal/auth/attempt.go", test: "TestParallelGuesses",
		text: `		if policy.Enabled {
			r.outcome = counter.Reserve(now, policy)
		}
`,
		with: "",
	},
	{
		threat: "many guesses at one account",
		file:   "internal/sqlstore/throttle.go", in: "internal/service", test: "TestReplicasVerifyThreeGuesses",
		text: `	t.throttles = append(t.throttles, key)
`,
		with: `	t.throttles = append(t.throttles, key)
	if c, err := t.Throttle(ctx, key); err != nil || c != (lockout.Counter{Key: key}) {
		return c, err
	}
`,
	},
	{
		threat: "many guesses at one account",
		file:   "internal/lockout/counter.go", in: "internal/auth", test: "TestCrashedSignInCounts",
		text: `			c.Fail(timedOut, p)
`,
		with: `			c.Release()
`,
	},
	{
		threat: "many guesses at one account",
		file:   "internal/auth/attempt.go", in: "internal/service", test: "TestReplicasAcceptTheOwner",
		text: `		counter.Succeed()
`,
		with: `		counter.Fail(now, a.reservation.policy)
`,
	},
	{
		threat: "slow guesses, below the lock",
		file:   "internal/lockout/counter.go", test: "TestDailyThreshold",
		text: `	if c.WindowFailures >= dailyThreshold {
		length = max(length, maxLockDuration)
	}
`,
		with: "",
	},
	{
		threat: "slow guesses, below the lock",
		file:   "internal/lockout/counter.go", test: "TestGuessesPerDay",
		text: "c.Failures < p.Threshold && c.WindowFailures < dailyThreshold",
		with: "c.Failures < p.Threshold",
	},
	{
		threat: "one guess each at many accounts",
		file:   "internal/lockout/counter.go", test: "TestNetworkLocks",
		text: "c.Count(now, networkWindow) < networkThreshold ||",
		with: "c.Count(now, networkWindow) >= 0 ||",
	},
	{
		threat: "one guess each at many accounts",
		file:   "internal/auth/client_network.go", test: "TestNetworkLimitSpansAccounts",
		text: `	if counter.IsLocked(now) {
`,
		with: `	if false {
`,
	},
	{
		threat: "forged client addresses in a header",
		file:   "internal/httpapi/client_network.go", test: "TestClientNetwork",
		text: "i >= 0 && p.contains(address); i--",
		with: "i >= 0; i--",
	},
	{
		threat: "forged client addresses in a header",
		file:   "internal/httpapi/client_network.go", test: "TestThrottleByClientNetwork",
		text: `	return clientNetwork(address), false
}`,
		with: `	return r.Header.Get("X-Forwarded-For"), false
}`,
	},
	{
		threat: "locking the owner out",
		file:   "internal/lockout/key.go", in: "internal/auth", test: "TestLockDoesNotExcludeTheOwner",
		text: `	if known {
`,
		with: `	if false {
`,
	},
	{
		threat: "locking the owner out",
		file:   "internal/lockout/key.go", in: "internal/auth", test: "TestParallelGuesses",
		text: `	return subject + unknownNetworks
`,
		with: `	return subject + network
`,
	},
	{
		threat: "guessing with a stolen session",
		file:   "internal/auth/password.go", test: "TestWrongCurrentPasswords",
		text: `		failures, err := tx.AddSessionFailure(ctx, id)
		if err != nil || failures < maxCredentialFailures {`,
		with: `		_, err := tx.AddSessionFailure(ctx, id)
		if err == nil || err != nil {`,
	},
	{
		threat: "guessing with a stolen session",
		file:   "internal/auth/password.go", test: "TestParallelWrongCurrentPasswords",
		text: `		failures, err := tx.AddSessionFailure(ctx, id)
		if err != nil || failures < maxCredentialFailures {`,
		with: `		_, err := tx.AddSessionFailure(ctx, id)
		if err == nil || err != nil {`,
	},
	{
		threat: "exhausting memory or the processor",
		file:   "internal/passhash/admission.go", test: "TestFullQueueRefuses",
		text: `a.holders >= a.limit ||`,
		with: `false ||`,
	},
	{
		threat: "exhausting memory or the processor",
		file:   "internal/passhash/pool.go", test: "TestSignInsGoFirst",
		text: "[]*waitQueue{&p.signInQueue, &p.bulkQueue}",
		with: "[]*waitQueue{&p.bulkQueue, &p.signInQueue}",
	},
	{
		threat: "blocking the sign-ins of others",
		file:   "internal/passhash/admission.go", test: "TestOneClientGetsHalfOfTheSlots",
		text: `|| a.holdersByKey[key] >= a.limitByKey {`,
		with: `{`,
	},
	{
		file: "internal/auth/attempt.go", test: "TestFailedSignInsAreIndistinguishable",
		text: `	if !r.credential.HasLocalPassword() || r.outcome == lockout.Locked {
`,
		with: `	if !r.credential.HasLocalPassword() {
		return false, nil
	}
	if r.outcome == lockout.Locked {
`,
	},
	{
		file: "internal/auth/attempt.go", test: "TestFullThrottleIsIndistinguishable",
		text: `		if policy.Enabled {
			r.outcome`,
		with: `		if policy.Enabled && found.UserID != 0 {
			r.outcome`,
	},
	{
		file: "internal/auth/sign_in.go", test: "TestPasswordTooLongToVerify",
		text: `	if err := account.ValidateTypedPassword(password, "/password"); err != nil {`,
		with: `	if err := account.ValidateTypedPassword(password, "/password"); false && err != nil {`,
	},
	{
		file: "internal/mail/worker.go", test: "TestWorkerPolls",
		text: "case <-time.After(wakeDelay + rand.N(wakeJitter)):",
		with: "case <-time.After(0 * (wakeDelay + rand.N(wakeJitter))):",
	},
	{
		threat: "guessing on a full disk, where failures cannot be counted",
		file:   "internal/auth/attempt.go", test: "TestUncountedGuessIsNotVerified",
		text: `	if err := a.reserve(ctx); err != nil {
		return err
	}
`,
		with: `	_ = a.reserve(ctx)
`,
	},
	{
		threat: "locking the owner out",
		file:   "internal/auth/attempt.go", test: "TestKnownNetworkLocksUser",
		text: `		if err := tx.SaveKnownNetwork(ctx, c.UserID, a.network, now); err != nil {
			return err
		}
`,
		with: "",
	},
	{
		threat: "exhausting memory or the processor",
		file:   "internal/auth/attempt.go", test: "TestFullHashQueue",
		text: `if !errors.Is(err, passhash.ErrBusy) {`,
		with: `if true || !errors.Is(err, passhash.ErrBusy) {`,
	},
}
