package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
)

// writeTable writes a line on the machine and a row for each pair of sides.
func writeTable(w io.Writer, s settings, results []result) {
	fmt.Fprintf(w, "Measured on: %s. %d connections (one for the bulk create), each side %s in each round, in turn.\n", machine(), s.conns, s.time)
	fmt.Fprintf(w, "The generator shares the cores with the servers.\n\n")
	fmt.Fprintln(w, "| work | beside | rounds | usher, requests/s | the other, requests/s | times as long: median (least-most) | usher p50 / p99 | the other p50 / p99 | usher, CPU s per 1,000 | the other, CPU s per 1,000 | times the CPU |")
	fmt.Fprintln(w, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, r := range results {
		usher := r.sides[0]
		for _, other := range r.sides[1:] {
			// Twice the requests in a second is half as long for each.
			longer, more := ratio.Rounds(other.rates(), usher.rates()), ratio.Rounds(usher.costs(), other.costs())
			fmt.Fprintf(w, "| %s | %s | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n",
				r.kind.Name, other.name, len(longer), usher.rate(), other.rate(), ratio.Text(longer),
				usher.latency(), other.latency(), usher.cpu(), other.cpu(), ratio.Text(more))
		}
	}
}

func (s *side) rates() []float64 {
	rates := make([]float64, len(s.windows))
	for i, w := range s.windows {
		rates[i] = w.rate()
	}
	return rates
}

func (s *side) rate() string { return digits(ratio.Median(s.rates())) }

// latency is that of all rounds together: half of the requests took at most as
// long as the first, all but one in a hundred as long as the second.
func (s *side) latency() string {
	var all []time.Duration
	for _, w := range s.windows {
		all = append(all, w.latencies...)
	}
	slices.Sort(all)
	at := func(percent int) string { return milliseconds(all[(len(all)-1)*percent/100]) }
	return at(50) + " / " + at(99) + " ms"
}

// costs are the server's CPU seconds for a thousand requests in each round; nil
// where they cannot be told.
func (s *side) costs() []float64 {
	var costs []float64
	for _, w := range s.windows {
		if w.cpu == 0 {
			return nil
		}
		costs = append(costs, w.cpu*1000/float64(len(w.latencies)))
	}
	return costs
}

func (s *side) cpu() string {
	costs := s.costs()
	if costs == nil {
		return "-"
	}
	return digits(ratio.Median(costs))
}

func milliseconds(d time.Duration) string { return digits(float64(d) / float64(time.Millisecond)) }

// digits writes a figure with about three digits.
func digits(v float64) string {
	switch {
	case v < 1:
		return fmt.Sprintf("%.3f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
