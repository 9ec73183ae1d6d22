package overview

import (
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// overviewPage is the data of templates/overview.html. A part that the caller may not see is nil.
type overviewPage struct {
	account.Overview
	Warnings []string // what is unsafe in the set-up of the server
	Chart    *chart
	Setup    *page.Setup // nil: the first run is complete, or the caller may not continue it
	Locked   []lockedRow
	Size     string // size of the database
	ReadMs   float64
}

type lockedRow struct {
	account.LockedUser
	Until time.Time // zero: the account stays locked until an administrator unlocks it
}

func (h *handler) showOverview(q *page.Request) error {
	o, err := h.service.Overview(q.Context(), q.Caller, q.Zone)
	if err != nil {
		return err
	}
	p := overviewPage{Overview: o, Chart: newChart(o.SignIns)}
	if o.Locked != nil {
		for _, u := range o.Locked.First {
			p.Locked = append(p.Locked, lockedRow{u, q.Local(u.Until)})
		}
	}
	if o.Database != nil {
		p.Size = sizeText(q, o.Database.Bytes)
		p.ReadMs = float64(o.Database.ReadLatency.Microseconds()) / 1000
	}
	if o.Mail != nil {
		p.Mail.Oldest = q.Local(o.Mail.Oldest)
	}
	if q.MayOn(access.ActionRead, access.EntityApplicationSettings, access.All) {
		p.Warnings = h.warnings(q)
	}
	if q.RequireAdministrator() == nil {
		if p.Setup, err = q.SetupProgress(); err != nil {
			return err
		}
		if p.Setup.Complete() {
			p.Setup = nil
		}
	}
	return q.Show("overview.html", "Overview", p)
}

// warnings returns what is unsafe about the proxies in front of the server.
func (h *handler) warnings(q *page.Request) (warnings []string) {
	if q.HTTPS() && !h.proxies.Trusted {
		warnings = append(warnings, q.Tr("The public address is HTTPS, but no proxy is trusted. All people share the "+
			"address of the proxy, so an attacker who guesses passwords locks everybody out. Start the server with "+
			"--trusted-proxies and the address of the proxy."))
	}
	if h.proxies.IgnoredPeer == nil {
		return warnings
	}
	if peer := h.proxies.IgnoredPeer(); peer != "" {
		warnings = append(warnings, q.Tr("%s sends the header X-Forwarded-For, which is ignored because it is not a trusted "+
			"proxy. If it is your proxy, name its address in --trusted-proxies. If not, somebody tries to hide their "+
			"address.", peer))
	}
	return warnings
}

// sizeText formats n bytes in KB, MB or GB.
func sizeText(q *page.Request, n int64) string {
	switch {
	case n < 1<<20:
		return q.Tr("%d KB", (n+1023)/1024)
	case n < 1<<30:
		return q.Tr("%d MB", (n+1<<19)>>20)
	}
	return q.Tr("%.1f GB", float64(n)/(1<<30))
}

// chart is a bar chart of the sign-ins of each day. In SVG units, a day is 1 wide and the chart is
// chartHeight high.
type chart struct {
	Bars              []bar
	Max               int // the most sign-ins on one day; its bar is chartHeight high
	Succeeded, Failed int
	First, Last       time.Time
}

// bar is the bar of one day, with successful sign-ins below failed ones.
type bar struct {
	account.SignInDay
	X                                                  int
	SucceededY, SucceededHeight, FailedY, FailedHeight float64
}

const chartHeight = 100

// newChart returns the chart of days, or nil if days is empty.
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

// Newest returns the days with the newest first, for a table.
func (c *chart) Newest() []bar {
	newest := slices.Clone(c.Bars)
	slices.Reverse(newest)
	return newest
}
