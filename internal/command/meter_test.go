package command

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	for _, test := range []struct {
		name         string
		start, total int
		want         string
	}{
		{"of a check", 0, 0, "done 3000 users, 750 a second\n"},
		{"of a new import", 0, 12000, "done 3000 users, 750 a second, 25 %\n"},
		{"of a resumed one", 2000, 12000, "done 3000 users, 250 a second, 25 %\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, _, stderr := testEnv(nil)
			now := time.Unix(0, 0)
			e.StderrIsTerminal, e.Now = true, func() time.Time { return now }
			m := e.NewMeter("done", "user", test.start, test.total)
			m.Update(2500) // writes nothing: meterInterval has not passed
			now = now.Add(4 * time.Second)
			m.Update(3000)
			if got := stderr.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
