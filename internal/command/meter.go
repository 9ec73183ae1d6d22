package command

import (
	"fmt"
	"time"
)

// meterInterval is the shortest time between two progress lines of a Meter.
const meterInterval = 2 * time.Second

// Meter reports the progress of long work at a terminal.
type Meter struct {
	env      *Env
	activity string // what the command does, such as "checked"
	noun     string // what it counts, in the singular: "user"
	start    int    // number of items that were done before the meter started
	total    int    // number of all items; 0 if it isn't known
	begun    time.Time
	reported time.Time
}

// NewMeter returns a meter. start is the number of items that are already done. total is the number of all
// items, or 0 if it isn't known.
func (e *Env) NewMeter(activity, noun string, start, total int) *Meter {
	now := e.Now()
	return &Meter{env: e, activity: activity, noun: noun, start: start, total: total, begun: now, reported: now}
}

// Update reports progress: done is the number of finished items. It writes nothing if the last report is
// younger than meterInterval.
func (m *Meter) Update(done int) {
	now := m.env.Now()
	if now.Sub(m.reported) < meterInterval {
		return
	}
	m.reported = now
	percent := ""
	if m.total > 0 {
		percent = fmt.Sprintf(", %d %%", min(100, done*100/m.total))
	}
	rate := float64(done-m.start) / now.Sub(m.begun).Seconds()
	m.env.Progress("%s %s, %.0f a second%s", m.activity, Count(done, m.noun), rate, percent)
}
