package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
)

// report is the tables, as far as they were measured.
type report struct {
	settings
	lines []line
	equal []equality
	began time.Time
}

// line is one row on one engine.
type line struct {
	row
	engine string
	result
	err error
}

// measure measures the rows on each engine. A row that fails does not keep the others
// from being measured.
func (r *report) measure(ctx context.Context) error {
	r.began = time.Now()
	dir, err := os.MkdirTemp("", "usher-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var failures []error
	for _, name := range r.engines {
		e, err := engines[name](dir, true)
		if err != nil {
			return err
		}
		failures = append(failures, r.on(ctx, e), e.close())
	}
	return errors.Join(failures...)
}

func (r *report) on(ctx context.Context, e engine) error {
	r.progress("%s: a database with %d users", e.name(), r.users)
	base, err := createSeeded(ctx, e, r.users)
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
		r.progress("%s: %s", e.name(), row.name)
		result, err := row.measure(ctx, b, row)
		l := line{row, e.name(), result, err}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %s: %w", e.name(), row.name, err))
			r.progress("  failed: %v", err)
		} else {
			r.progress("  %s", l.cells())
		}
		r.lines = append(r.lines, l)
	}
	if r.rows.MatchString(equalName) && ctx.Err() == nil {
		r.progress("%s: %s", e.name(), equalName)
		all, err := b.equalities(ctx)
		for _, q := range all {
			r.progress("  %s", q.cells())
		}
		r.equal = append(r.equal, all...)
		failures = append(failures, err)
	}
	return cmp.Or(ctx.Err(), errors.Join(failures...))
}

// progress tells people what is going on.
func (r *report) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6s  %s\n", time.Since(r.began).Round(time.Second), fmt.Sprintf(format, args...))
}

// write writes the tables in Markdown.
func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s. %d users; %d rounds of %s a side, in turn. Generator, servers and database share the cores.\n\n",
		r.began.Format(time.DateOnly), machine(), r.users, r.settings.rounds, r.time)
	fmt.Fprintln(w, "| work | beside | on | to reach | reached: median (least–most) | | Usher | the other | CPU each, µs: Usher | the other |")
	fmt.Fprintln(w, "| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
	for _, l := range r.lines {
		fmt.Fprintln(w, l.cells())
	}
	for _, l := range r.lines {
		if l.note != "" {
			fmt.Fprintf(w, "\n%s, %s: %s.", l.engine, l.name, l.note)
		}
	}
	if len(r.equal) > 0 {
		fmt.Fprintf(w, "\n\nWelch's t between the times of %d requests of each kind, at random in turn, each with an account, an address and a source of its own:\n\n", r.tries)
		fmt.Fprintln(w, "| kind | beside | on | to reach | Welch's t | | mean of the one | of the other |")
		fmt.Fprintln(w, "| --- | --- | --- | ---: | ---: | --- | ---: | ---: |")
		for _, q := range r.equal {
			fmt.Fprintln(w, q.cells())
		}
	}
}

func (l line) cells() string {
	if l.err != nil {
		return cells(l.name, l.beside, l.engine, l.limit.String(), "failed")
	}
	mark := "no"
	if l.limit.reached(ratio.Median(l.values)) {
		mark = "yes"
	}
	return cells(l.name, l.beside, l.engine, l.limit.String(), ratio.Text(l.values)+l.limit.unit, mark,
		l.tell(l.usher), l.tell(l.other), cpu(l.usher), cpu(l.other))
}

func cells(texts ...string) string { return "| " + strings.Join(texts, " | ") + " |" }

// tell tells of the round in the middle.
func (l line) tell(samples []sample) string {
	if len(samples) == 0 {
		return ""
	}
	return l.show(samples[ratio.Middle(samples, milliseconds)])
}

// cpu is the CPU time for each time that the work was done, and that of PostgreSQL.
func cpu(samples []sample) string {
	var own, database []float64
	for _, s := range samples {
		own, database = append(own, s.each(s.cpu)), append(database, s.each(s.database))
	}
	if len(samples) == 0 || ratio.Median(own)+ratio.Median(database) == 0 {
		return ""
	}
	text := ratio.Digits(ratio.Median(own))
	if d := ratio.Median(database); d > 0 {
		text += " + " + ratio.Digits(d)
	}
	return text
}
