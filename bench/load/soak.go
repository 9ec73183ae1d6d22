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

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

const (
	soakWindows = 30 // after each of them the server is looked at
	// quickConns and hashConns are as many as keep the pace: a hash takes its time.
	quickConns = 32
	hashConns  = 32
	// restTime is how long it takes until what a server gives back when nobody asks it is
	// gone, and what it needs all the same has come back.
	restTime = 16 * time.Second
	// closeTime is how long a server may take to close its end of connections.
	closeTime = 200 * time.Millisecond
)

// look is what a server was like in one window of a soak.
type look struct {
	memory, goroutines, handles float64
	quick, hashed               float64 // p99, in milliseconds
}

// trait is something of a server that must not grow with time.
type trait struct {
	name string
	of   func(look) float64
	// at is which of the values of a third stands for it, from 0, the least, to 1. Whatever
	// else the machine does makes times longer, so that of those it is a low one.
	at float64
	// share and slack are by how much the last third of a soak may be more than the first,
	// whichever is more: so much comes and goes.
	share, slack float64
	text         func(float64) string
}

var traits = []trait{
	// The runtime keeps the memory of some hashes, 19 MiB each, or gives it back: what leaks
	// is seen at rest.
	{"memory", func(l look) float64 { return l.memory }, 0.5, 0.10, 4 * 19 * mebi, inMebi},
	{"goroutines", func(l look) float64 { return l.goroutines }, 0.5, 0.10, 10, ratio.Digits},
	{"file handles", func(l look) float64 { return l.handles }, 0.5, 0.10, 10, ratio.Digits},
	{"p99 without a hash", func(l look) float64 { return l.quick }, 0.25, 1, 10, span},
	{"p99 with a hash", func(l look) float64 { return l.hashed }, 0.25, 1, 50, span},
}

// atRest is the memory of a server that nobody asks, before a soak and behind it. What has
// leaked is in it, and hardly anything else.
var atRest = trait{"memory at rest", func(l look) float64 { return l.memory }, 0.5, 0, 8 * mebi, inMebi}

func inMebi(v float64) string { return fmt.Sprintf("%.1f MiB", v/mebi) }

// grown tells a trait at the beginning and at the end, and whether it has grown.
func (t trait) grown(looks []look) (first, last float64, grown bool) {
	third := max(len(looks)/3, 1)
	first, last = t.typical(looks[:third]), t.typical(looks[len(looks)-third:])
	return first, last, last > first+max(first*t.share, t.slack)
}

func (t trait) typical(looks []look) float64 {
	values := make([]float64, len(looks))
	for i, l := range looks {
		values[i] = t.of(l)
	}
	slices.Sort(values)
	return values[int(t.at*float64(len(values)-1))]
}

// soak has each engine serve mixed traffic at half of what it can, for so long. It fails
// when a request does, or when something has grown meanwhile.
func soak(ctx context.Context, s settings, out io.Writer) error {
	dir, err := os.MkdirTemp("", "usher-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(out, "%s, %s. %d users; %s of mixed traffic on each engine, in %d windows; of the first and the last third the median, of times the lower quartile. Generator, server and database share the cores.\n\n",
		time.Now().Format(time.DateOnly), machine(), s.users, s.soak, soakWindows)
	fmt.Fprintln(out, "| what | on | journeys | first third | last third | steady |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: | ---: | --- |")
	var failures []error
	for _, name := range s.engines {
		e, err := engines[name](dir, false)
		if err != nil {
			return err
		}
		o, err := soakOn(ctx, e, s)
		if err = errors.Join(err, e.close()); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", e.name(), err))
			continue
		}
		tell := func(t trait, looks []look) {
			first, last, grown := t.grown(looks)
			mark := "yes"
			if grown {
				mark = "no"
				failures = append(failures, fmt.Errorf("%s: %s has grown from %s to %s", e.name(), t.name, t.text(first), t.text(last)))
			}
			fmt.Fprintln(out, cells(t.name, e.name(), ratio.Digits(o.rate)+"/s", t.text(first), t.text(last), mark))
		}
		for _, t := range traits {
			tell(t, o.windows)
		}
		tell(atRest, o.rests)
	}
	return errors.Join(failures...)
}

// observed is what a soak was like.
type observed struct {
	rate    float64 // journeys a second
	windows []look
	rests   []look // before and behind them
}

func soakOn(ctx context.Context, e engine, s settings) (o observed, err error) {
	d, err := createSeeded(ctx, e, s.users)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, e.drop(context.Background(), d)) }()
	usher, err := startUsher(ctx, s.usher, d, "--metrics")
	if err != nil {
		return o, err
	}
	defer usher.stop()
	credential, err := work.SignInAdmin(ctx, usher.address)
	if err != nil {
		return o, err
	}
	quick, hashed := quickJourneys(credential, d.users), hashedJourneys(credential, d.users)

	all := &clients{server: usher, conns: manyConns, journey: mixed(quick, hashed)}
	most, err := all.closed(ctx, max(s.soak/soakWindows, 5*time.Second))
	if err != nil {
		return o, err
	}
	o.rate = rate(most) / 2
	fmt.Fprintf(os.Stderr, "%s: %.0f journeys a second at most; half of that for %s\n", e.name(), 2*o.rate, s.soak)
	// They go on counting where the others ended, so that nobody is created twice.
	quickly := &clients{server: usher, conns: quickConns, journey: quick}
	slowly := &clients{server: usher, conns: hashConns, journey: hashed}
	quickly.asked.Store(all.asked.Load())
	slowly.asked.Store(all.asked.Load())
	rest := func() error {
		err := wait(ctx, restTime)
		o.rests = append(o.rests, look{memory: resident(usher.pid())})
		return err
	}
	if err := rest(); err != nil {
		return o, err
	}
	for i := range soakWindows {
		l, err := soakWindow(ctx, usher, quickly, slowly, o.rate, s.soak/soakWindows)
		if err != nil {
			return o, err
		}
		o.windows = append(o.windows, l)
		fmt.Fprintf(os.Stderr, "%s: %d of %d:", e.name(), i+1, soakWindows)
		for _, t := range traits {
			fmt.Fprintf(os.Stderr, " %s %s;", t.name, t.text(t.of(l)))
		}
		fmt.Fprintln(os.Stderr)
	}
	return o, rest()
}

// soakWindow has journeys made at a rate, and then looks at the server.
func soakWindow(ctx context.Context, p *process, quick, hashed *clients, rate float64, length time.Duration) (l look, err error) {
	var both sync.WaitGroup
	var quickly, slowly sample
	var quickErr, slowErr error
	both.Go(func() { quickly, quickErr = quick.paced(ctx, length, rate*(hashEach-1)/hashEach) })
	both.Go(func() { slowly, slowErr = hashed.paced(ctx, length, rate/hashEach) })
	both.Wait()
	if err := errors.Join(quickErr, slowErr); err != nil {
		return l, err
	}
	if err := wait(ctx, closeTime); err != nil {
		return l, err
	}
	l = look{memory: resident(p.pid()), quick: p99(quickly), hashed: p99(slowly)}
	handles, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid()))
	if err != nil {
		return l, err
	}
	l.handles = float64(len(handles))
	l.goroutines, err = metric(ctx, p, "go_goroutines")
	return l, err
}

// metric reads a number that the server tells of itself.
func metric(ctx context.Context, p *process, name string) (value float64, err error) {
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
	return 0, fmt.Errorf("the server does not tell %s", name)
}
