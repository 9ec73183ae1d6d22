package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/stats"
)

// row is one line of the table: one kind of work of Usher, measured against a baseline.
type row struct {
	name, baseline string
	limit          limit
	// measure measures the row on the bench's database, or on copies of it.
	measure func(ctx context.Context, b *bench) (result, error)
}

// limit is the bound that the median of a row must meet.
type limit struct {
	value float64
	unit  string // "" for ratios
	upper bool   // the value is an upper bound, else a lower one
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

// result is what was measured for one row of the table. Each round adds a value, which is the
// ratio of Usher to the baseline for example, and a sample of each of the two.
type result struct {
	values          []float64 // compared with the limit
	usher, baseline []sample
	format          func(sample) string // of a sample's cell
	note            string
}

// bench measures the rows on one engine.
type bench struct {
	settings
	engine  database.Engine
	base    *database.Database // no process has it open
	scaling *scalingServers    // nil until a scaling row needs them
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

// shutDown stops a server and drops its database.
func (b *bench) shutDown(d *database.Database, p *process) {
	p.stop()
	b.drop(d)
}

// drop drops a database, whether or not the run was interrupted.
func (b *bench) drop(d *database.Database) {
	if err := b.engine.Drop(context.Background(), d); err != nil {
		fmt.Fprintln(os.Stderr, "load: drop a database:", err)
	}
}

// warmUpDivisor divides the length of a round into that of the warm-up, which is not counted.
const warmUpDivisor = 5

// rounds measures both sides in alternating order. The value of a round is the result of compare.
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

// rateRatio compares the operations a second.
func rateRatio(usher, baseline sample) float64 { return rate(usher) / rate(baseline) }

// timeRatio compares the time for each operation.
func timeRatio(usher, baseline sample) float64 { return milliseconds(usher) / milliseconds(baseline) }

// p99Ratio compares the 99th percentiles of the latencies.
func p99Ratio(usher, baseline sample) float64 { return p99(usher) / p99(baseline) }

// formatRate formats the operations a second.
func formatRate(s sample) string { return stats.Format(rate(s)) + "/s" }

// formatTime formats the time for each operation.
func formatTime(s sample) string { return formatMilliseconds(milliseconds(s)) }

// formatP99 formats the 99th percentile of the latencies.
func formatP99(s sample) string { return "p99 " + formatMilliseconds(p99(s)) }

func formatMilliseconds(milliseconds float64) string {
	return time.Duration(milliseconds * float64(time.Millisecond)).Round(10 * time.Microsecond).String()
}
