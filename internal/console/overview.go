package console

import (
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

var overviewRoutes = []route{{pattern: "GET /overview", page: (*request).overview}}

// overviewPage is what templates/overview.html shows. What the caller may not see is
// nil.
type overviewPage struct {
	account.Overview
	Chart  *chart
	Setup  *setup // what is missing still; nil: nothing
	Locked []lockedRow
	Size   string // of the database
	ReadMs float64
}

type lockedRow struct {
	account.LockedUser
	Until time.Time // zero: until somebody unlocks it
}

func (q *request) overview() error {
	o, err := q.accounts.Overview(q.Context(), q.caller, q.look.zone)
	if err != nil {
		return err
	}
	p := overviewPage{Overview: o, Chart: newChart(o.SignIns)}
	if o.Locked != nil {
		for _, u := range o.Locked.First {
			p.Locked = append(p.Locked, lockedRow{u, q.local(u.Until)})
		}
	}
	if o.Database != nil {
		p.Size, p.ReadMs = q.bytes(o.Database.Bytes), float64(o.Database.ReadLatency.Microseconds())/1000
	}
	if o.Mail != nil {
		p.Mail.Oldest = q.local(o.Mail.Oldest)
	}
	if q.mustAdminister() == nil {
		if p.Setup, err = q.setupProgress(); err != nil {
			return err
		}
		if p.Setup.done() {
			p.Setup = nil
		}
	}
	return q.show("overview.html", "Overview", p)
}

// bytes writes a number of bytes as people say it.
func (q *request) bytes(n int64) string {
	switch {
	case n < 1<<20:
		return q.say("%d KB", (n+1023)/1024)
	case n < 1<<30:
		return q.say("%d MB", (n+1<<19)>>20)
	}
	return q.say("%.1f GB", float64(n)/(1<<30))
}

// chart is sign-ins by day, as bars in a drawing of 1 unit a day and 100 units of
// height.
type chart struct {
	Bars              []bar
	Max               int // sign-ins of a day that the height stands for
	Succeeded, Failed int
	First, Last       time.Time
}

// bar is a day: those that succeeded below, those that failed on top.
type bar struct {
	account.SignInDay
	X                                                  int
	SucceededY, SucceededHeight, FailedY, FailedHeight float64
}

const chartHeight = 100

// newChart returns nil where there is nothing to draw.
func newChart(days []account.SignInDay) *chart {
	if len(days) == 0 {
		return nil
	}
	c := &chart{Max: 1, First: days[0].Date, Last: days[len(days)-1].Date}
	for _, d := range days {
		c.Max = max(c.Max, d.Succeeded+d.Failed)
		c.Succeeded += d.Succeeded
		c.Failed += d.Failed
	}
	for i, d := range days {
		b := bar{SignInDay: d, X: i}
		b.SucceededHeight = chartHeight * float64(d.Succeeded) / float64(c.Max)
		b.FailedHeight = chartHeight * float64(d.Failed) / float64(c.Max)
		b.SucceededY = chartHeight - b.SucceededHeight
		b.FailedY = b.SucceededY - b.FailedHeight
		c.Bars = append(c.Bars, b)
	}
	return c
}

// Newest are the days for a table, today first.
func (c *chart) Newest() []bar {
	newest := slices.Clone(c.Bars)
	slices.Reverse(newest)
	return newest
}
