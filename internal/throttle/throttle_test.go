package throttle

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// guesser makes wrong guesses against one throttle at a time of its own.
type guesser struct {
	Counter
	policy Policy
	now    time.Time
}

func newGuesser(p Policy) *guesser { return &guesser{policy: p, now: start} }

// guess makes one wrong guess and reports whether it was verified.
func (g *guesser) guess(t testing.TB) bool {
	t.Helper()
	switch g.Reserve(g.now, g.policy) {
	case Reserved:
		g.Fail(g.now, g.policy)
		return true
	case Full:
		t.Fatal("a single guesser finds the throttle Full")
	}
	return false
}

// guesses makes n guesses, all of which must be verified.
func (g *guesser) guesses(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		if !g.guess(t) {
			t.Fatalf("guess %d of %d was not verified", i+1, n)
		}
	}
}

// lockLength returns for how long the throttle is Locked now.
func (g *guesser) lockLength() time.Duration { return max(g.LockedUntil.Sub(g.now), 0) }

func TestFirstLock(t *testing.T) {
	g := newGuesser(Default)
	g.guesses(t, 2)
	if g.IsLocked(g.now) {
		t.Fatal("two failures lock")
	}
	g.guesses(t, 1)
	if got := g.lockLength(); got != 300*time.Second {
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

func TestPeriodForgets(t *testing.T) {
	tests := []struct {
		name   string
		period time.Duration
		wait   time.Duration
		locks  bool
	}{
		{"just before", 5 * time.Minute, 5*time.Minute - time.Microsecond, true},
		{"at its end", 5 * time.Minute, 5 * time.Minute, false},
		{"never", 0, 200 * 24 * time.Hour, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := Default
			p.Period = test.period
			g := newGuesser(p)
			g.guesses(t, 2)
			g.now = g.now.Add(test.wait)
			g.guesses(t, 1)
			if g.IsLocked(g.now) != test.locks {
				t.Errorf("Locked = %v after a third failure", !test.locks)
			}
		})
	}
}

// lock fails until the throttle is Locked, waits until the lock is over, and
// returns how long it was.
func (g *guesser) lock(t testing.TB) time.Duration {
	t.Helper()
	for !g.IsLocked(g.now) {
		g.guesses(t, 1)
	}
	length := g.lockLength()
	g.now = g.LockedUntil
	return length
}

// A policy that is made stricter after some failures leaves one try, and locks if
// that fails: it never keeps the owner out without a lock that ends.
func TestStricterPolicy(t *testing.T) {
	g := newGuesser(Policy{Enabled: true, Threshold: 10, Duration: time.Minute})
	g.guesses(t, 8)
	g.policy.Threshold = 3
	if got := g.Reserve(g.now, g.policy); got != Reserved {
		t.Fatalf("the next try is %v, want one that is verified", got)
	}
	if got := g.Reserve(g.now, g.policy); got != Full {
		t.Errorf("a parallel try is %v, want Full", got)
	}
	if g.Fail(g.now, g.policy); !g.IsLocked(g.now) {
		t.Error("a failure does not lock")
	}
}

func TestLocksDouble(t *testing.T) {
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
			g := newGuesser(p)
			for i, want := range test.want {
				if got := g.lock(t); got != want {
					t.Errorf("lock %d takes %v, want %v", i+1, got, want)
				}
			}
		})
	}
}

func TestStreakEnds(t *testing.T) {
	tests := map[string]struct {
		end  func(*guesser)
		want time.Duration
	}{
		"success": {func(g *guesser) { g.Reserve(g.now, g.policy); g.Succeed() }, 5 * time.Minute},
		"a day":   {func(g *guesser) { g.now = g.LastFailure.Add(24 * time.Hour) }, 5 * time.Minute},
		"not yet": {func(g *guesser) { g.now = g.LastFailure.Add(24*time.Hour - 1) }, 20 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newGuesser(Default)
			g.lock(t)
			g.lock(t)
			test.end(g)
			if got := g.lock(t); got != test.want {
				t.Errorf("the next lock takes %v, want %v", got, test.want)
			}
		})
	}
}

func TestLockUntilLifted(t *testing.T) {
	p := Default
	p.Duration = 0
	g := newGuesser(p)
	g.guesses(t, 3)
	g.now = g.now.AddDate(1000, 0, 0)
	if g.guess(t) {
		t.Error("a lock without end has ended")
	}
}

func TestLockedTriesDoNotCount(t *testing.T) {
	g := newGuesser(Default)
	g.guesses(t, 3)
	was := g.Counter
	for range 50 {
		g.now = g.now.Add(time.Second)
		if g.guess(t) {
			t.Fatal("a guess is verified in a lock")
		}
	}
	if g.Counter != was {
		t.Errorf("tries in a lock change the throttle from %+v to %+v", was, g.Counter)
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	g := newGuesser(Default)
	for range 5 {
		g.guesses(t, 2)
		if g.Reserve(g.now, g.policy) != Reserved {
			t.Fatal("the right password is not verified")
		}
		g.Succeed()
	}
	if g.WindowFailures != 10 {
		t.Errorf("the day has %d failures, want 10: a success does not forget them", g.WindowFailures)
	}
}

// A Outcome whose process died counts as a failure after 10 s.
func TestCrashCounts(t *testing.T) {
	g := newGuesser(Default)
	for range 3 {
		if g.Reserve(g.now, g.policy) != Reserved {
			t.Fatal("a slot is missing")
		}
	}
	g.now = g.now.Add(10*time.Second - time.Microsecond)
	if got := g.Reserve(g.now, g.policy); got != Full {
		t.Fatalf("just before 10 s the throttle is %v, want Full", got)
	}
	g.now = g.now.Add(time.Microsecond)
	if got := g.Reserve(g.now, g.policy); got != Locked {
		t.Fatalf("at 10 s the throttle is %v, want Locked", got)
	}
	if got := g.lockLength(); got != 5*time.Minute {
		t.Errorf("the lock takes %v, want 5m", got)
	}
}

// A crash counts when it happened: it locks nobody who comes later.
func TestCrashIsForgotten(t *testing.T) {
	g := newGuesser(Default)
	for range 3 {
		g.Reserve(g.now, g.policy)
	}
	g.now = g.now.Add(10*time.Second + 5*time.Minute)
	if got := g.Reserve(g.now, g.policy); got != Reserved {
		t.Errorf("after the lock that the crash set, the throttle is %v, want Reserved", got)
	}
}

// From the hundredth failure of a day on, each one locks for an hour.
func TestDayLimit(t *testing.T) {
	g := newGuesser(Default)
	for i := range 99 {
		if i%2 == 0 { // never three in a period
			g.now = g.now.Add(5 * time.Minute)
		}
		g.guesses(t, 1)
		if g.IsLocked(g.now) {
			t.Fatalf("failure %d locks", i+1)
		}
	}
	for i := range 3 {
		g.guesses(t, 1)
		if got := g.lockLength(); got != time.Hour {
			t.Errorf("failure %d locks for %v, want 1h", 100+i, got)
		}
		g.now = g.LockedUntil
	}
	g.Reserve(g.now, g.policy)
	g.Succeed()
	g.guesses(t, 1)
	if got := g.lockLength(); got != time.Hour {
		t.Errorf("after a success a failure locks for %v, want 1h", got)
	}
}

// Whoever guesses as fast as he can without ever being Locked by the threshold,
// or lets himself be Locked, has about 125 guesses a day.
func TestGuessesADay(t *testing.T) {
	for name, test := range map[string]struct{ perPeriod, most int }{
		"low and slow": {2, 125},
		"into locks":   {3, 81},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuesser(Default)
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
			if verified > test.most || verified < test.most/2 {
				t.Errorf("%d guesses were verified in a day, want about %d at most", verified, test.most)
			}
		})
	}
}

func TestSourceLocks(t *testing.T) {
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
		t.Fatal("19 failures lock a source")
	}
	now = now.Add(sourceWindow)
	fail(19, 0)
	if s.IsLocked(now) {
		t.Fatal("failures of an earlier window lock a source")
	}
	for i, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		now = now.Add(sourceWindow)
		fail(20, time.Second)
		if got := s.LockedUntil.Sub(now); got != time.Duration(want)*time.Minute {
			t.Errorf("lock %d takes %v, want %d min", i+1, got, want)
		}
		now = s.LockedUntil
	}
	now = now.Add(dayWindow)
	fail(20, 0)
	if got := s.LockedUntil.Sub(now); got != time.Minute {
		t.Errorf("after a quiet day the lock takes %v, want 1m", got)
	}
}

// However sign-ins interleave and die, no more guesses are verified than the
// policy allows: between two successes, or locks, or forgotten periods.
func TestNeverMoreThanThresholdVerified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{
			Enabled:   true,
			Threshold: rapid.IntRange(1, 6).Draw(t, "threshold"),
			Period:    time.Duration(rapid.IntRange(0, 600).Draw(t, "period")) * time.Second,
			Duration:  time.Duration(rapid.IntRange(0, 600).Draw(t, "duration")) * time.Second,
		}
		var th Counter
		now := start
		inFlight := 0 // Reserved and not settled
		verified := 0 // since the last success, lock or quiet period
		last := now   // of reservations and failures
		lockedUntil := time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				quiet := p.Period > 0 && inFlight == 0 && now.Sub(last) >= p.Period
				got := th.Reserve(now, p)
				if now.Before(lockedUntil) && got != Locked {
					t.Fatalf("a try in a lock is %v", got)
				}
				if th.LockedUntil != lockedUntil { // a crash was noticed, and locked when it happened
					verified, inFlight = 0, 0
				}
				lockedUntil = th.LockedUntil
				if got != Reserved {
					return
				}
				if quiet {
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
					t.Skip("nothing to settle")
				}
				inFlight--
				th.Fail(now, p)
				last = now
				if lockedUntil = th.LockedUntil; now.Before(lockedUntil) {
					verified = inFlight
				}
			},
			"succeed": func(t *rapid.T) {
				if inFlight == 0 {
					t.Skip("nothing to settle")
				}
				inFlight--
				th.Succeed()
				verified = inFlight
			},
			"crash": func(t *rapid.T) {
				if inFlight == 0 {
					t.Skip("nothing to lose")
				}
				// All in flight die, unseen, and time passes.
				inFlight = 0
				now = now.Add(reservationLife)
			},
			"wait": func(t *rapid.T) {
				if inFlight > 0 { // a living process settles within the life of its Outcome
					t.Skip("not while a hash is under way")
				}
				now = now.Add(time.Duration(rapid.IntRange(1, 700).Draw(t, "seconds")) * time.Second)
			},
			"": func(t *rapid.T) {
				if th.Pending < inFlight || th.Failures < 0 || th.Failures >= p.Threshold {
					t.Fatalf("%d are in flight, and the throttle is %+v", inFlight, th)
				}
			},
		})
	})
}

func TestDoubled(t *testing.T) {
	tests := []struct {
		d     time.Duration
		times int
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
		if got := doubled(test.d, test.times, test.limit); got != test.want {
			t.Errorf("doubled(%v, %d, %v) = %v, want %v", test.d, test.times, test.limit, got, test.want)
		}
	}
}
