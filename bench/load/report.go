package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/bench/internal/stats"
)

// report measures the table rows on each engine and writes the tables.
type report struct {
	settings
	lines  []line
	timing []timingComparison
	start  time.Time
}

// line is the measurement of one table row on one engine.
type line struct {
	row    row
	engine string
	result result
	err    error
}

// measure measures the table rows on each engine. It continues after a failed row, and returns all errors joined.
func (r *report) measure(ctx context.Context) error {
	r.start = time.Now()
	dir, err := os.MkdirTemp("", "usher-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var failures []error
	for _, name := range r.engines {
		e, err := database.NewEngine(name, dir, true)
		if err != nil {
			return err
		}
		failures = append(failures, r.measureEngine(ctx, e), e.Close())
	}
	return errors.Join(failures...)
}

func (r *report) measureEngine(ctx context.Context, e database.Engine) error {
	r.progress("%s: a database with %d users", e.Name(), r.users)
	base, err := database.CreateSeeded(ctx, e, r.users)
	if err != nil {
		return err
	}
	b := &bench{settings: r.settings, engine: e, base: base}
	defer b.close()
	var failures []error
	for _, row := range rows(r.settings, e) {
		if !r.rows.MatchString(row.name) || ctx.Err() != nil {
			continue
		}
		r.progress("%s: %s", e.Name(), row.name)
		result, err := row.measure(ctx, b)
		l := line{row: row, engine: e.Name(), result: result, err: err}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %s: %w", e.Name(), row.name, err))
			r.progress("  failed: %v", err)
		} else {
			r.progress("  %s", l.tableRow())
		}
		r.lines = append(r.lines, l)
	}
	if r.rows.MatchString(timingName) && ctx.Err() == nil {
		r.progress("%s: %s", e.Name(), timingName)
		comparisons, err := b.compareTimes(ctx)
		for _, c := range comparisons {
			r.progress("  %s", c.tableRow())
		}
		r.timing = append(r.timing, comparisons...)
		failures = append(failures, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(failures...)
}

// progress writes a progress message to standard error.
func (r *report) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6s  %s\n", time.Since(r.start).Round(time.Second), fmt.Sprintf(format, args...))
}

// write writes the tables as Markdown.
func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s. %d users; %d rounds of %s a side, alternating. "+
		"Load generator, servers and database share the cores.\n\n",
		r.start.Format(time.DateOnly), procfs.Machine(), r.users, r.settings.rounds, r.time)
	fmt.Fprintln(w, tableRow("work", "baseline", "engine", "limit", "measured: median (min–max)", "met",
		"Usher", "baseline", "CPU each, µs: Usher", "baseline"))
	fmt.Fprintln(w, "| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
	for _, l := range r.lines {
		fmt.Fprintln(w, l.tableRow())
	}
	for _, l := range r.lines {
		if l.result.note != "" {
			fmt.Fprintf(w, "\n%s, %s: %s.", l.engine, l.row.name, l.result.note)
		}
	}
	if len(r.timing) == 0 {
		return
	}
	fmt.Fprintf(w, "\n\nWelch's t between the times of %d requests of each kind, in random order. "+
		"Each request has its own account, email address and client address.\n\n", r.tries)
	fmt.Fprintln(w, tableRow(
		"first", "second", "engine", "limit", "Welch's t", "met", "mean of the first", "of the second"))
	fmt.Fprintln(w, "| --- | --- | --- | ---: | ---: | --- | ---: | ---: |")
	for _, c := range r.timing {
		fmt.Fprintln(w, c.tableRow())
	}
}

func (l line) tableRow() string {
	limit := l.row.limit
	if l.err != nil {
		return tableRow(l.row.name, l.row.baseline, l.engine, limit.String(), "failed")
	}
	return tableRow(l.row.name, l.row.baseline, l.engine, limit.String(), stats.Summary(l.result.values)+limit.unit,
		yesNo(limit.metBy(stats.Median(l.result.values))),
		l.medianSample(l.result.usher), l.medianSample(l.result.baseline),
		medianCPU(l.result.usher), medianCPU(l.result.baseline))
}

// medianSample formats the sample whose time for an operation is the median.
func (l line) medianSample(samples []sample) string {
	if len(samples) == 0 {
		return ""
	}
	return l.result.format(samples[stats.MedianIndex(samples, milliseconds)])
}

// medianCPU formats the median CPU time for an operation: the CPU time of the server and, after a "+", that of
// PostgreSQL.
func medianCPU(samples []sample) string {
	var own, db []float64
	for _, s := range samples {
		own, db = append(own, s.perOperation(s.cpuSeconds)), append(db, s.perOperation(s.databaseCPUSeconds))
	}
	if len(samples) == 0 || stats.Median(own)+stats.Median(db) == 0 {
		return ""
	}
	text := stats.Format(stats.Median(own))
	if d := stats.Median(db); d > 0 {
		text += " + " + stats.Format(d)
	}
	return text
}

func tableRow(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

func yesNo(value bool) string {
	if value {
		return "yes"
	}
	return "no"
}
