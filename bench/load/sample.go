package main

import (
	"context"
	"slices"
	"time"
)

// sample is what was measured of one side in one round.
type sample struct {
	done      int // how often the work was done
	took      time.Duration
	cpu       float64         // seconds that the server took of it, or this program where there is none
	database  float64         // seconds that PostgreSQL took of it
	latencies []time.Duration // sorted; of each, where they are measured
}

// side is one of the two that are measured in turn. It works for so long, or once
// where that takes longer.
type side func(ctx context.Context, length time.Duration) (sample, error)

// of measures work that a process does, and that f waits for and counts.
func (p *process) of(f func() (done int, err error)) (s sample, err error) {
	own, database := p.cpu()
	begun := time.Now()
	s.done, err = f()
	s.took = time.Since(begun)
	ownEnd, databaseEnd := p.cpu()
	s.cpu, s.database = ownEnd-own, databaseEnd-database
	return s, err
}

// ofSelf measures work that this program does itself, with a database of an engine.
func ofSelf(e engine, f func() (done int, err error)) (s sample, err error) {
	own, database := ownCPU(), e.cpu()
	begun := time.Now()
	s.done, err = f()
	s.took = time.Since(begun)
	s.cpu, s.database = ownCPU()-own, e.cpu()-database
	return s, err
}

// rate is how often the work was done in a second.
func rate(s sample) float64 { return float64(s.done) / s.took.Seconds() }

// milliseconds is how long the work took each time, for who waits for it alone.
func milliseconds(s sample) float64 { return s.took.Seconds() * 1000 / float64(s.done) }

// p99 is the time, in milliseconds, that all but one in a hundred took at most.
func p99(s sample) float64 {
	if len(s.latencies) == 0 {
		return 0
	}
	return float64(s.latencies[(len(s.latencies)-1)*99/100]) / float64(time.Millisecond)
}

// each is what a number of seconds is for each time, in microseconds.
func (s sample) each(seconds float64) float64 { return seconds * 1e6 / float64(s.done) }

// sorted puts latencies in order.
func sorted(latencies [][]time.Duration) []time.Duration {
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return all
}
