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
	activity string // "checked"
	noun     string // of one item: "user"
	start    int    // items that were done before
	total    int    // 0: not known
	begun    time.Time
	reported time.Time
}

// NewMeter starts a meter. start is how many items are done already, and total how many there are, or 0 if that
// isn't known.
func (e *Env) NewMeter(activity, noun string, start, total int) *Meter {
	now := e.Now()
	return &Meter{env: e, activity: activity, noun: noun, start: start, total: total, begun: now, reported: now}
}

// Update takes how many items are done, and reports it if the last report is meterInterval old.
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
