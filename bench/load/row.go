package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/stats"
)

// row is one row of the table: work of Usher, such as a sign-in, that is measured against a baseline.
type row struct {
	name, baseline string
	limit          limit
	// measure measures the work on the bench's base database, or on copies of it.
	measure func(ctx context.Context, b *bench) (result, error)
}

// limit is the bound for the median of a row's values.
type limit struct {
	value float64
	unit  string // "" if the value is a ratio
	upper bool   // true: value is an upper bound; false: a lower bound
}

func (l limit) String() string {
	sign := "≥"
	if l.upper {
		sign = "≤"
	}
	return fmt.Sprintf("%s %s%s", sign, stats.Format(l.value), l.unit)
}

func (l limit) metBy(value float64) bool {
	if l.upper {
		return value <= l.value
	}
	return value >= l.value
}

// result is the measurement of one row. Each round adds one element to values, for example the ratio of Usher to the
// baseline, and one sample to both usher and baseline.
type result struct {
	values          []float64 // one for each round; their median is compared with the limit
	usher, baseline []sample
	format          func(sample) string // formats a sample for a table cell
	note            string
}

// bench measures the rows of the table on one database engine.
type bench struct {
	settings
	engine  database.Engine
	base    *database.Database // seeded database; no process has it open
	scaling *scalingServers    // nil until a scaling operation is measured
}

// copyBase creates a copy of the base database.
func (b *bench) copyBase(ctx context.Context) (*database.Database, error) { return b.base.Copy(ctx) }

// serve starts Usher on a copy of the base database.
func (b *bench) serve(ctx context.Context) (*database.Database, *process, error) {
	d, err := b.copyBase(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := startUsher(ctx, b.usher, d)
	if err != nil {
		return nil, nil, errors.Join(err, b.engine.Drop(ctx, d))
	}
	return d, p, nil
}

// serveSignedIn starts Usher as [bench.serve] does. It also returns a session token of the first administrator.
func (b *bench) serveSignedIn(ctx context.Context) (*database.Database, *process, string, error) {
	d, p, err := b.serve(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	credential, err := requests.SignInAdmin(ctx, p.address)
	if err != nil {
		b.shutDown(d, p)
		return nil, nil, "", err
	}
	return d, p, credential, nil
}

// shutDown stops a server and drops its database.
func (b *bench) shutDown(d *database.Database, p *process) {
	p.stop()
	b.drop(d)
}

// drop drops a database, also after the run was interrupted and its context has ended.
func (b *bench) drop(d *database.Database) {
	if err := b.engine.Drop(context.Background(), d); err != nil {
		fmt.Fprintln(os.Stderr, "load: drop a database:", err)
	}
}

// warmUpDivisor divides the length of a round into the length of the warm-up. The results of the warm-up are discarded.
const warmUpDivisor = 5

// rounds measures Usher and the baseline in rounds, and alternates which of the two goes first. The function compare
// computes the value of a round from its two samples.
func (b *bench) rounds(
	ctx context.Context, usher, baseline side, compare func(usher, baseline sample) float64,
) (r result, err error) {
	for _, s := range []side{usher, baseline} {
		if _, err := s(ctx, b.time/warmUpDivisor); err != nil {
			return r, err
		}
	}
	for i := range b.settings.rounds {
		var u, o sample
		first, second := usher, baseline
		firstSample, secondSample := &u, &o
		if i%2 == 1 {
			first, second, firstSample, secondSample = baseline, usher, &o, &u
		}
		if *firstSample, err = first(ctx, b.time); err != nil {
			return r, err
		}
		if *secondSample, err = second(ctx, b.time); err != nil {
			return r, err
		}
		r.usher, r.baseline = append(r.usher, u), append(r.baseline, o)
		r.values = append(r.values, compare(u, o))
	}
	return r, nil
}

// rateRatio returns the ratio of Usher's operations per second to those of the baseline.
func rateRatio(usher, baseline sample) float64 { return rate(usher) / rate(baseline) }

// timeRatio returns the ratio of Usher's time for an operation to that of the baseline.
func timeRatio(usher, baseline sample) float64 { return milliseconds(usher) / milliseconds(baseline) }

// p99Ratio returns the ratio of Usher's 99th percentile latency to that of the baseline.
func p99Ratio(usher, baseline sample) float64 { return p99(usher) / p99(baseline) }

// formatRate formats a sample as operations a second.
func formatRate(s sample) string { return stats.Format(rate(s)) + "/s" }

// formatTime formats a sample as the time for an operation.
func formatTime(s sample) string { return formatMilliseconds(milliseconds(s)) }

// formatP99 formats a sample as the 99th percentile of its latencies.
func formatP99(s sample) string { return "p99 " + formatMilliseconds(p99(s)) }

func formatMilliseconds(milliseconds float64) string {
	return time.Duration(milliseconds * float64(time.Millisecond)).Round(10 * time.Microsecond).String()
}
