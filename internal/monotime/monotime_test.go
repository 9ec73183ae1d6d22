package monotime_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/monotime"
)

func TestSleepIsNoticed(t *testing.T) {
	const sec, ms = time.Second, time.Millisecond
	type step struct{ monotonic, wall time.Duration }
	for name, c := range map[string]struct {
		steps  []step
		passed time.Duration
	}{
		"awake":                     {[]step{{sec, sec}, {time.Hour, time.Hour}}, sec + time.Hour},
		"asleep":                    {[]step{{ms, 10*sec + ms}}, 10*sec + ms},
		"asleep twice":              {[]step{{ms, sec + ms}, {ms, 2*sec + ms}}, 3*sec + 2*ms},
		"asleep, noticed once":      {[]step{{ms, sec + ms}, {sec, sec}, {sec, sec}}, 3*sec + ms},
		"a wall clock that is slow": {[]step{{sec, 900 * ms}, {sec, 900 * ms}, {sec, 900 * ms}}, 3 * sec},
		"a wall clock set forward":  {[]step{{ms, time.Hour + ms}}, time.Hour + ms},
		"a wall clock set back":     {[]step{{ms, ms - time.Hour}}, time.Hour + ms},
	} {
		t.Run(name, func(t *testing.T) {
			monotonic := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
			wall := monotonic
			clock := monotime.Of(func() (time.Time, time.Time) { return monotonic, wall })
			began := clock.Now()
			for _, s := range c.steps {
				monotonic, wall = monotonic.Add(s.monotonic), wall.Add(s.wall)
				clock.Now()
			}
			if passed := clock.Now().Sub(began); passed != c.passed {
				t.Errorf("%v have passed, want %v", passed, c.passed)
			}
		})
	}
}

// The clock of this machine goes as fast as it does.
func TestClockOfThisMachine(t *testing.T) {
	clock := monotime.New()
	first, began := clock.Now(), time.Now()
	for time.Since(began) < time.Millisecond {
		clock.Now()
	}
	if passed := clock.Now().Sub(first); passed < time.Millisecond {
		t.Errorf("only %v have passed", passed)
	}
}
