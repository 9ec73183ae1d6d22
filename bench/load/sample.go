package main

import (
	"context"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
)

// sample is the measurement of Usher, or of the baseline, in one round.
type sample struct {
	done               int // number of operations
	elapsed            time.Duration
	cpuSeconds         float64         // CPU time of the server, or of this program if it does the work itself
	databaseCPUSeconds float64         // CPU time of PostgreSQL
	latencies          []time.Duration // one for each operation, sorted; empty if latencies are not measured
}

// side is a function that measures one side of a comparison: Usher or the baseline. It works for the duration length
// and completes at least one operation.
type side func(ctx context.Context, length time.Duration) (sample, error)

// sample measures the process during f. f makes the process work and returns the number of operations.
func (p *process) sample(f func() (done int, err error)) (s sample, err error) {
	own, db := p.cpuSeconds()
	start := time.Now()
	s.done, err = f()
	s.elapsed = time.Since(start)
	ownEnd, dbEnd := p.cpuSeconds()
	s.cpuSeconds, s.databaseCPUSeconds = ownEnd-own, dbEnd-db
	return s, err
}

// sampleSelf measures this program and the engine's database processes during f. f does the work and returns the number
// of operations.
func sampleSelf(e database.Engine, f func() (done int, err error)) (s sample, err error) {
	own, db := procfs.SelfCPUSeconds(), e.CPUSeconds()
	start := time.Now()
	s.done, err = f()
	s.elapsed = time.Since(start)
	s.cpuSeconds, s.databaseCPUSeconds = procfs.SelfCPUSeconds()-own, e.CPUSeconds()-db
	return s, err
}

// rate returns the operations a second in a sample.
func rate(s sample) float64 { return float64(s.done) / s.elapsed.Seconds() }

// milliseconds returns the elapsed time for each operation of a sample.
func milliseconds(s sample) float64 { return s.elapsed.Seconds() * 1000 / float64(s.done) }

// p99 returns the 99th percentile of the latencies in milliseconds, and 0 if there are none.
func p99(s sample) float64 {
	if len(s.latencies) == 0 {
		return 0
	}
	return float64(s.latencies[(len(s.latencies)-1)*99/100]) / float64(time.Millisecond)
}

// perOperation divides a number of seconds by the number of operations, and returns microseconds.
func (s sample) perOperation(seconds float64) float64 { return seconds * 1e6 / float64(s.done) }

// sorted joins the latencies of all connections in ascending order.
func sorted(latencies [][]time.Duration) []time.Duration {
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return all
}
