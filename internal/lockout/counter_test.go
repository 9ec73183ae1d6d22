package lockout

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// attacker makes wrong guesses against one counter, and has its own clock.
type attacker struct {
	Counter
	policy Policy
	now    time.Time
}

func newAttacker(p Policy) *attacker { return &attacker{policy: p, now: start} }

// guess makes one wrong guess. It reports false if a lock refused the guess before verification.
func (g *attacker) guess(t testing.TB) bool {
	t.Helper()
	switch g.Reserve(g.now, g.policy) {
	case Reserved:
		g.Fail(g.now, g.policy)
		return true
	case Exhausted:
		t.Fatal("one guess at a time finds the counter Exhausted")
	}
	return false
}

// guesses makes n wrong guesses. It fails the test unless all of them are verified.
func (g *attacker) guesses(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		if !g.guess(t) {
			t.Fatalf("guess %d of %d was not verified", i+1, n)
		}
	}
}

// remainingLock returns the time until the lock ends, or 0 without a lock.
func (g *attacker) remainingLock() time.Duration { return max(g.LockedUntil.Sub(g.now), 0) }

func TestFirstLock(t *testing.T) {
	g := newAttacker(Default)
	g.guesses(t, 2)
	if g.IsLocked(g.now) {
		t.Fatal("two failures lock")
	}
	g.guesses(t, 1)
	if got := g.remainingLock(); got != 300*time.Second {
		t.Fatalf("the first lock takes %v, want 300s", got)
	}
	g.now = g.now.Add(300*time.Second - time.Microsecond)
	if g.guess(t) {
		t.Error("a guess is verified just before the lock ends")
	}
	g.now = g.now.Add(time.Microsecond)
	if !g.guess(t) {
		t.Error("no guess is verified when the lock ends")
	}
}

func TestPeriodExpiresFailures(t *testing.T) {
	tests := []struct {
		name   string
		period time.Duration
		wait   time.Duration
		locks  bool
	}{
		{"just before the period ends", 5 * time.Minute, 5*time.Minute - time.Microsecond, true},
		{"when the period ends", 5 * time.Minute, 5 * time.Minute, false},
		{"no period", 0, 200 * 24 * time.Hour, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := Default
			p.Period = test.period
			g := newAttacker(p)
			g.guesses(t, 2)
			g.now = g.now.Add(test.wait)
			g.guesses(t, 1)
			if g.IsLocked(g.now) != test.locks {
				t.Errorf("locked after the third failure: %v", !test.locks)
			}
		})
	}
}

// guessUntilLocked makes wrong guesses until the counter is locked. It advances the clock to the
// end of the lock, and returns the duration of the lock.
func (g *attacker) guessUntilLocked(t testing.TB) time.Duration {
	t.Helper()
	for !g.IsLocked(g.now) {
		g.guesses(t, 1)
	}
	length := g.remainingLock()
	g.now = g.LockedUntil
	return length
}

// An administrator lowers the threshold below the failures so far. The account still gets one attempt, which locks the
// account if it fails. That lock ends; without the attempt, the owner would be refused for ever.
func TestStricterPolicyAllowsOneAttempt(t *testing.T) {
	g := newAttacker(Policy{Enabled: true, Threshold: 10, Duration: time.Minute})
	g.guesses(t, 8)
	g.policy.Threshold = 3
	if got := g.Reserve(g.now, g.policy); got != Reserved {
		t.Fatalf("the next attempt is %v, want Reserved", got)
	}
	if got := g.Reserve(g.now, g.policy); got != Exhausted {
		t.Errorf("a parallel attempt is %v, want Exhausted", got)
	}
	if g.Fail(g.now, g.policy); !g.IsLocked(g.now) {
		t.Error("the failure does not lock")
	}
}

func TestLockDurationDoubles(t *testing.T) {
	const m = time.Minute
	tests := []struct {
		duration time.Duration
		want     []time.Duration
	}{
		{5 * m, []time.Duration{5 * m, 10 * m, 20 * m, 40 * m, 60 * m, 60 * m}},
		{45 * m, []time.Duration{45 * m, 60 * m, 60 * m}},
		{90 * m, []time.Duration{90 * m, 90 * m}},
		{math.MaxInt64, []time.Duration{math.MaxInt64, math.MaxInt64}},
		{1, []time.Duration{1, 2, 4}},
	}
	for _, test := range tests {
		t.Run(test.duration.String(), func(t *testing.T) {
			p := Default
			p.Duration = test.duration
			g := newAttacker(p)
			for i, want := range test.want {
				if got := g.guessUntilLocked(t); got != want {
					t.Errorf("lock %d takes %v, want %v", i+1, got, want)
				}
			}
		})
	}
}

func TestStreakResets(t *testing.T) {
	tests := map[string]struct {
		end  func(*attacker)
		want time.Duration
	}{
		"success": {func(g *attacker) { g.Reserve(g.now, g.policy); g.Succeed() }, 5 * time.Minute},
		"a day":   {func(g *attacker) { g.now = g.LastFailure.Add(24 * time.Hour) }, 5 * time.Minute},
		"not yet": {func(g *attacker) { g.now = g.LastFailure.Add(24*time.Hour - 1) }, 20 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newAttacker(Default)
			g.guessUntilLocked(t)
			g.guessUntilLocked(t)
			test.end(g)
			if got := g.guessUntilLocked(t); got != test.want {
				t.Errorf("the next lock takes %v, want %v", got, test.want)
			}
		})
	}
}

func TestIndefiniteLock(t *testing.T) {
	p := Default
	p.Duration = 0
	g := newAttacker(p)
	g.guesses(t, 3)
	g.now = g.now.AddDate(1000, 0, 0)
	if g.guess(t) {
		t.Error("the indefinite lock has ended")
	}
}

func TestAttemptsDuringLockAreNotCounted(t *testing.T) {
	g := newAttacker(Default)
	g.guesses(t, 3)
	before := g.Counter
	for range 50 {
		g.now = g.now.Add(time.Second)
		if g.guess(t) {
			t.Fatal("a guess is verified during the lock")
		}
	}
	if g.Counter != before {
		t.Errorf("attempts during the lock change the counter from %+v to %+v", before, g.Counter)
	}
}

func TestSuccessResetsFailures(t *testing.T) {
	g := newAttacker(Default)
	for range 5 {
		g.guesses(t, 2)
		if g.Reserve(g.now, g.policy) != Reserved {
			t.Fatal("the right password is not verified")
		}
		g.Succeed()
	}
	if g.WindowFailures != 10 {
		t.Errorf("the daily count is %d, want 10: a success must not reset it", g.WindowFailures)
	}
}

// When a process dies with an open reservation, the reservation counts as a failure after 10 s.
func TestTimedOutReservationCountsAsFailure(t *testing.T) {
	g := newAttacker(Default)
	for range 3 {
		if g.Reserve(g.now, g.policy) != Reserved {
			t.Fatal("the reservation is refused")
		}
	}
	g.now = g.now.Add(10*time.Second - time.Microsecond)
	if got := g.Reserve(g.now, g.policy); got != Exhausted {
		t.Fatalf("just before 10 s the outcome is %v, want Exhausted", got)
	}
	g.now = g.now.Add(time.Microsecond)
	if got := g.Reserve(g.now, g.policy); got != Locked {
		t.Fatalf("at 10 s the outcome is %v, want Locked", got)
	}
	if got := g.remainingLock(); got != 5*time.Minute {
		t.Errorf("the lock takes %v, want 5m", got)
	}
}

// A timed-out reservation counts as a failure at the time of the timeout. If that failure locks
// the counter, the lock begins at that time too, and a later sign-in is not affected.
func TestTimedOutReservationLocksFromItsTimeout(t *testing.T) {
	g := newAttacker(Default)
	for range 3 {
		g.Reserve(g.now, g.policy)
	}
	g.now = g.now.Add(10*time.Second + 5*time.Minute)
	if got := g.Reserve(g.now, g.policy); got != Reserved {
		t.Errorf("after that lock the outcome is %v, want Reserved", got)
	}
}

// The hundredth failure in a day locks for an hour, and so does each failure after it.
func TestDailyThreshold(t *testing.T) {
	g := newAttacker(Default)
	for i := range 99 {
		if i%2 == 0 { // never three failures in one period
			g.now = g.now.Add(5 * time.Minute)
		}
		g.guesses(t, 1)
		if g.IsLocked(g.now) {
			t.Fatalf("failure %d locks", i+1)
		}
	}
	for i := range 3 {
		g.guesses(t, 1)
		if got := g.remainingLock(); got != time.Hour {
			t.Errorf("failure %d locks for %v, want 1h", 100+i, got)
		}
		g.now = g.LockedUntil
	}
	g.Reserve(g.now, g.policy)
	g.Succeed()
	g.guesses(t, 1)
	if got := g.remainingLock(); got != time.Hour {
		t.Errorf("after a success a failure locks for %v, want 1h", got)
	}
}

// TestGuessesPerDay counts the guesses of an attacker who guesses as fast as the policy allows.
// An attacker who stays below the threshold gets about 125 guesses a day. One who waits for each
// lock to end gets fewer.
func TestGuessesPerDay(t *testing.T) {
	for name, test := range map[string]struct{ perPeriod, max int }{
		"below the threshold": {2, 125},
		"through locks":       {3, 81},
	} {
		t.Run(name, func(t *testing.T) {
			g := newAttacker(Default)
			verified := 0
			for g.now.Before(start.Add(24 * time.Hour)) {
				for range test.perPeriod {
					if g.guess(t) {
						verified++
					}
				}
				g.now = g.now.Add(g.policy.Period)
			}
			t.Logf("%d guesses a day", verified)
			if verified > test.max || verified < test.max/2 {
				t.Errorf("%d guesses were verified in a day, want at most %d, and at least half of that", verified, test.max)
			}
		})
	}
}

func TestNetworkLocks(t *testing.T) {
	var s Counter
	now := start
	fail := func(n int, apart time.Duration) {
		for range n {
			now = now.Add(apart)
			s.FailNetwork(now)
		}
	}
	fail(19, 0)
	if s.IsLocked(now) {
		t.Fatal("19 failures lock a network")
	}
	now = now.Add(networkWindow)
	fail(19, 0)
	if s.IsLocked(now) {
		t.Fatal("failures of an earlier window lock a network")
	}
	for i, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		now = now.Add(networkWindow)
		fail(20, time.Second)
		if got := s.LockedUntil.Sub(now); got != time.Duration(want)*time.Minute {
			t.Errorf("lock %d takes %v, want %d min", i+1, got, want)
		}
		now = s.LockedUntil
	}
	now = now.Add(dayWindow)
	fail(20, 0)
	if got := s.LockedUntil.Sub(now); got != time.Minute {
		t.Errorf("after a day without failures the lock takes %v, want 1m", got)
	}
}

// The policy's threshold limits the guesses that are verified between two resets. A success, a
// lock and the policy's period are resets. The limit holds however sign-ins interleave or crash.
func TestVerifiedGuessesNeverExceedThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{
			Enabled:   true,
			Threshold: rapid.IntRange(1, 6).Draw(t, "threshold"),
			Period:    time.Duration(rapid.IntRange(0, 600).Draw(t, "period")) * time.Second,
			Duration:  time.Duration(rapid.IntRange(0, 600).Draw(t, "duration")) * time.Second,
		}
		var counter Counter
		now := start
		inFlight := 0 // number of open reservations
		verified := 0 // number of verified guesses since the last success, lock or reset by the period
		last := now   // time of the last reservation or failure
		lockedUntil := time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				expired := p.Period > 0 && inFlight == 0 && now.Sub(last) >= p.Period
				got := counter.Reserve(now, p)
				if now.Before(lockedUntil) && got != Locked {
					t.Fatalf("an attempt during the lock is %v, want Locked", got)
				}
				if counter.LockedUntil != lockedUntil { // a timed-out reservation has locked the counter
					verified, inFlight = 0, 0
				}
				lockedUntil = counter.LockedUntil
				if got != Reserved {
					return
				}
				if expired {
					verified = 0
				}
				inFlight++
				last = now
				if verified++; verified > p.Threshold {
					t.Fatalf("guess %d of %d is verified", verified, p.Threshold)
				}
			},
			"fail": func(t *rapid.T) {
				if inFlight == 0 {
					t.Skip("no open reservation")
				}
				inFlight--
				counter.Fail(now, p)
				last = now
				if lockedUntil = counter.LockedUntil; now.Before(lockedUntil) {
					verified = inFlight
				}
			},
			"succeed": func(t *rapid.T) {
				if inFlight == 0 {
					t.Skip("no open reservation")
				}
				inFlight--
				counter.Succeed()
				verified = inFlight
			},
			"crash": func(t *rapid.T) {
				if inFlight == 0 {
					t.Skip("no open reservation")
				}
				// Simulate a crash of every server that is verifying a password: their reservations end
				// only by timeout.
				inFlight = 0
				now = now.Add(reservationTimeout)
			},
			"wait": func(t *rapid.T) {
				if inFlight > 0 { // a living process ends its reservation before the timeout
					t.Skip("not during a verification")
				}
				now = now.Add(time.Duration(rapid.IntRange(1, 700).Draw(t, "seconds")) * time.Second)
			},
			"": func(t *rapid.T) {
				if counter.Pending < inFlight || counter.Failures < 0 || counter.Failures >= p.Threshold {
					t.Fatalf("%d reservations are open, and the counter is %+v", inFlight, counter)
				}
			},
		})
	})
}

func TestBackoff(t *testing.T) {
	tests := []struct {
		base  time.Duration
		n     int
		limit time.Duration
		want  time.Duration
	}{
		{time.Minute, 0, time.Hour, time.Minute},
		{time.Minute, 3, time.Hour, 8 * time.Minute},
		{time.Minute, 6, time.Hour, time.Hour},
		{time.Minute, math.MaxInt, time.Hour, time.Hour},
		{math.MaxInt64, math.MaxInt, math.MaxInt64, math.MaxInt64},
		{2 * time.Hour, 0, time.Hour, time.Hour},
	}
	for _, test := range tests {
		if got := backoff(test.base, test.n, test.limit); got != test.want {
			t.Errorf("backoff(%v, %d, %v) = %v, want %v", test.base, test.n, test.limit, got, test.want)
		}
	}
}
