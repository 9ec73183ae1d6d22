package monotime_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/monotime"
)

func TestSuspendIsDetected(t *testing.T) {
	const sec, ms = time.Second, time.Millisecond
	type step struct{ monotonic, wall time.Duration }
	for name, c := range map[string]struct {
		steps   []step
		elapsed time.Duration
	}{
		"no suspend":                {[]step{{sec, sec}, {time.Hour, time.Hour}}, sec + time.Hour},
		"a suspend":                 {[]step{{ms, 10*sec + ms}}, 10*sec + ms},
		"two suspends":              {[]step{{ms, sec + ms}, {ms, 2*sec + ms}}, 3*sec + 2*ms},
		"a suspend is counted once": {[]step{{ms, sec + ms}, {sec, sec}, {sec, sec}}, 3*sec + ms},
		"a slow wall clock":         {[]step{{sec, 900 * ms}, {sec, 900 * ms}, {sec, 900 * ms}}, 3 * sec},
		"a wall clock set forward":  {[]step{{ms, time.Hour + ms}}, time.Hour + ms},
		"a wall clock set back":     {[]step{{ms, ms - time.Hour}}, time.Hour + ms},
	} {
		t.Run(name, func(t *testing.T) {
			monotonic := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
			wall := monotonic
			clock := monotime.NewFrom(func() (time.Time, time.Time) { return monotonic, wall })
			start := clock.Now()
			for _, s := range c.steps {
				monotonic, wall = monotonic.Add(s.monotonic), wall.Add(s.wall)
				clock.Now()
			}
			if elapsed := clock.Now().Sub(start); elapsed != c.elapsed {
				t.Errorf("elapsed: %v, want %v", elapsed, c.elapsed)
			}
		})
	}
}

// New returns a clock that advances like the clock of this machine.
func TestMachineClock(t *testing.T) {
	clock := monotime.New()
	first, start := clock.Now(), time.Now()
	for time.Since(start) < time.Millisecond {
		clock.Now()
	}
	if elapsed := clock.Now().Sub(first); elapsed < time.Millisecond {
		t.Errorf("elapsed: %v, want at least 1ms", elapsed)
	}
}
