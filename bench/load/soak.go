package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/stats"
)

const (
	soakWindows = 30 // number of windows; each ends with one observation
	// unhashedConns is the number of connections for requests without a hash. They are separate from hashedConns,
	// because a request with a hash takes long and would delay the others.
	unhashedConns = 32
	hashedConns   = 32
	// soakIdleTime is longer than an idle server takes to release unneeded memory, and to allocate again the memory
	// that it needs even when idle.
	soakIdleTime = 16 * time.Second
	// closeTime is how long a server may take to close connections that the client has closed.
	closeTime = 200 * time.Millisecond
	// hashMemory is the memory that computing one hash takes.
	hashMemory = 19 * mebi
)

// observation is the state of a server after one window of a soak.
type observation struct {
	memory, goroutines, openFiles float64
	unhashedP99, hashedP99        float64 // milliseconds
}

// metric is a measured property of a server that must not grow during a soak.
type metric struct {
	name string
	of   func(observation) float64
	// quantile selects the observation that represents a third of the soak: 0 is the minimum, 1 the maximum. Latencies
	// have a low quantile, because other work on the machine only makes them longer.
	quantile float64
	// The metric of the last third may exceed that of the first third by the larger of these two tolerances.
	relativeTolerance, absoluteTolerance float64
	format                               func(float64) string
}

// soakMetrics returns the metrics that are observed after each window.
func soakMetrics() []metric {
	return []metric{
		{
			// The Go runtime may keep the memory of a few hashes or release it, so this tolerance is large. idleMetric
			// detects leaks.
			name: "memory", of: func(o observation) float64 { return o.memory }, quantile: 0.5,
			relativeTolerance: 0.10, absoluteTolerance: 4 * hashMemory, format: formatMebi,
		},
		{
			name: "goroutines", of: func(o observation) float64 { return o.goroutines }, quantile: 0.5,
			relativeTolerance: 0.10, absoluteTolerance: 10, format: stats.Format,
		},
		{
			name: "open files", of: func(o observation) float64 { return o.openFiles }, quantile: 0.5,
			relativeTolerance: 0.10, absoluteTolerance: 10, format: stats.Format,
		},
		{
			name: "p99 without a hash", of: func(o observation) float64 { return o.unhashedP99 }, quantile: 0.25,
			relativeTolerance: 1, absoluteTolerance: 10, format: formatMilliseconds,
		},
		{
			name: "p99 with a hash", of: func(o observation) float64 { return o.hashedP99 }, quantile: 0.25,
			relativeTolerance: 1, absoluteTolerance: 50, format: formatMilliseconds,
		},
	}
}

// idleMetric returns the metric for the memory of the idle server before and after a soak. It leaves out the pages of
// the program, because their number grows with each part of the program that runs for the first time. Growth of this
// metric is almost always a leak.
func idleMetric() metric {
	return metric{
		name: "idle memory", of: func(o observation) float64 { return o.memory }, quantile: 0.5,
		absoluteTolerance: 8 * mebi, format: formatMebi,
	}
}

func formatMebi(v float64) string { return fmt.Sprintf("%.1f MiB", v/mebi) }

// grown returns the metric in the first and in the last third of the observations. It also reports whether the metric
// has grown by more than the tolerance.
func (m metric) grown(observations []observation) (first, last float64, grown bool) {
	third := max(len(observations)/3, 1)
	first, last = m.typical(observations[:third]), m.typical(observations[len(observations)-third:])
	return first, last, last > first+max(first*m.relativeTolerance, m.absoluteTolerance)
}

func (m metric) typical(observations []observation) float64 {
	values := make([]float64, len(observations))
	for i, o := range observations {
		values[i] = m.of(o)
	}
	slices.Sort(values)
	return values[int(m.quantile*float64(len(values)-1))]
}

// soak serves mixed traffic on each engine, at half of the rate that the server can serve, for the duration s.soak. It
// writes a table, and returns an error if a request fails or a metric grows.
func soak(ctx context.Context, s settings, out io.Writer) error {
	dir, err := os.MkdirTemp("", "usher-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(out, "%s, %s. %d users; %s of mixed traffic on each engine, in %d windows. "+
		"Of the first and the last third the median, of times the lower quartile. "+
		"Load generator, server and database share the cores.\n\n",
		time.Now().Format(time.DateOnly), procfs.Machine(), s.users, s.soak, soakWindows)
	fmt.Fprintln(out, tableRow("metric", "engine", "scenarios", "first third", "last third", "steady"))
	fmt.Fprintln(out, "| --- | --- | ---: | ---: | ---: | --- |")
	var failures []error
	for _, name := range s.engines {
		e, err := database.NewEngine(name, dir, false)
		if err != nil {
			return err
		}
		result, err := soakEngine(ctx, e, s)
		if err = errors.Join(err, e.Close()); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", e.Name(), err))
			continue
		}
		for _, m := range soakMetrics() {
			failures = append(failures, result.report(out, e.Name(), m, result.windows))
		}
		failures = append(failures, result.report(out, e.Name(), idleMetric(), result.idle))
	}
	return errors.Join(failures...)
}

// soakResult holds the rate and the observations of a soak on one engine.
type soakResult struct {
	rate    float64 // scenarios a second
	windows []observation
	idle    []observation // memory of the idle server, before the first window and after the last
}

// report writes the table row of a metric. It returns an error if the metric has grown.
func (r soakResult) report(out io.Writer, engine string, m metric, observations []observation) error {
	first, last, grown := m.grown(observations)
	fmt.Fprintln(out, tableRow(
		m.name, engine, stats.Format(r.rate)+"/s", m.format(first), m.format(last), yesNo(!grown)))
	if grown {
		return fmt.Errorf("%s: %s has grown from %s to %s", engine, m.name, m.format(first), m.format(last))
	}
	return nil
}

func soakEngine(ctx context.Context, e database.Engine, s settings) (r soakResult, err error) {
	d, err := database.CreateSeeded(ctx, e, s.users)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, e.Drop(context.Background(), d)) }()
	usher, err := startUsher(ctx, s.usher, d, "--metrics")
	if err != nil {
		return r, err
	}
	defer usher.stop()
	credential, err := requests.SignInAdmin(ctx, usher.address)
	if err != nil {
		return r, err
	}

	all := &clients{
		server: usher, conns: busyConns,
		scenario: mixed(unhashedScenario(credential, d.Users), hashedScenario(credential, d.Users)),
	}
	capacity, err := all.closedLoop(ctx, max(s.soak/soakWindows, 5*time.Second))
	if err != nil {
		return r, err
	}
	r.rate = rate(capacity) / 2
	fmt.Fprintf(os.Stderr, "%s: capacity %.0f scenarios/s; half of it for %s\n", e.Name(), 2*r.rate, s.soak)
	unhashed := &clients{server: usher, conns: unhashedConns, scenario: unhashedScenario(credential, d.Users)}
	hashed := &clients{server: usher, conns: hashedConns, scenario: hashedScenario(credential, d.Users)}
	// Continue the numbering of the requests, so that no user is created twice.
	unhashed.sent.Store(all.sent.Load())
	hashed.sent.Store(all.sent.Load())
	if err := r.observeIdle(ctx, usher); err != nil {
		return r, err
	}
	for i := range soakWindows {
		o, err := soakWindow(ctx, usher, unhashed, hashed, r.rate, s.soak/soakWindows)
		if err != nil {
			return r, err
		}
		r.windows = append(r.windows, o)
		fmt.Fprintf(os.Stderr, "%s: %d of %d:", e.Name(), i+1, soakWindows)
		for _, m := range soakMetrics() {
			fmt.Fprintf(os.Stderr, " %s %s;", m.name, m.format(m.of(o)))
		}
		fmt.Fprintln(os.Stderr)
	}
	return r, r.observeIdle(ctx, usher)
}

// observeIdle waits for soakIdleTime and then observes the server's memory for idleMetric.
func (r *soakResult) observeIdle(ctx context.Context, p *process) error {
	err := wait(ctx, soakIdleTime)
	r.idle = append(r.idle, observation{memory: procfs.AnonymousBytes(p.pid())})
	return err
}

// soakWindow runs scenarios at a constant rate, and then observes the server.
func soakWindow(
	ctx context.Context, p *process, unhashed, hashed *clients, rate float64, length time.Duration,
) (o observation, err error) {
	var both sync.WaitGroup
	var unhashedSample, hashedSample sample
	var unhashedErr, hashedErr error
	both.Go(func() {
		unhashedSample, unhashedErr = unhashed.constantRate(ctx, length, rate*(hashEvery-1)/hashEvery)
	})
	both.Go(func() { hashedSample, hashedErr = hashed.constantRate(ctx, length, rate/hashEvery) })
	both.Wait()
	if err := errors.Join(unhashedErr, hashedErr); err != nil {
		return o, err
	}
	if err := wait(ctx, closeTime); err != nil {
		return o, err
	}
	o = observation{
		memory: procfs.ResidentBytes(p.pid()), unhashedP99: p99(unhashedSample), hashedP99: p99(hashedSample),
	}
	files, err := procfs.OpenFiles(p.pid())
	if err != nil {
		return o, err
	}
	o.openFiles = float64(files)
	o.goroutines, err = scrape(ctx, p, "go_goroutines")
	return o, err
}

// scrape returns the value of a metric from the server's Prometheus endpoint.
func scrape(ctx context.Context, p *process, name string) (value float64, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			_, err := fmt.Sscan(text, &value)
			return value, err
		}
	}
	return 0, fmt.Errorf("/metrics has no metric %s", name)
}
