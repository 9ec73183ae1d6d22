// Command compare reads what `go test -bench` printed, in as many rounds as were
// run, and writes a Markdown table with each benchmark called usher beside the
// others of its group.
//
//	go run ./bench/compare <results.txt
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
)

func main() {
	groups, err := read(os.Stdin)
	if err == nil {
		err = write(os.Stdout, groups)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// group is the benchmarks of one kind of work.
type group struct {
	name  string
	cases []*series // in the order in which they were run
}

// series is what one benchmark took in each round, in ns for an operation.
type series struct {
	name string
	took []float64
	cpu  []float64 // of the process, the client in it included
}

// named is the beginning of a result: BenchmarkWhoami/usher-2.
var named = regexp.MustCompile(`^Benchmark(\w+)/(\w+?)(-\d+)?$`)

func read(r io.Reader) ([]*group, error) {
	var groups []*group
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 {
			continue
		}
		m := named.FindStringSubmatch(fields[0])
		if m == nil {
			continue
		}
		g := find(&groups, func(g *group) bool { return g.name == m[1] }, &group{name: m[1]})
		s := find(&g.cases, func(s *series) bool { return s.name == m[2] }, &series{name: m[2]})
		if err := s.add(fields[2:]); err != nil {
			return nil, fmt.Errorf("%s: %w", fields[0], err)
		}
	}
	return groups, lines.Err()
}

// add takes the figures of one round, each before its unit.
func (s *series) add(fields []string) error {
	for pair := range slices.Chunk(fields, 2) {
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil || len(pair) < 2 {
			return fmt.Errorf("%q is no figure with a unit", pair)
		}
		switch pair[1] {
		case "ns/op":
			s.took = append(s.took, value)
		case "cpu-ns/op":
			s.cpu = append(s.cpu, value)
		}
	}
	return nil
}

// find returns the element that is the one, or adds a new one.
func find[T any](all *[]*T, is func(*T) bool, fresh *T) *T {
	if i := slices.IndexFunc(*all, is); i >= 0 {
		return (*all)[i]
	}
	*all = append(*all, fresh)
	return fresh
}

func write(w io.Writer, groups []*group) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "| work | beside | rounds | usher, each | the other, each | times as long: median (least-most) | usher, CPU | the other, CPU | times the CPU |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, g := range groups {
		i := slices.IndexFunc(g.cases, func(s *series) bool { return s.name == "usher" })
		if i < 0 {
			continue
		}
		usher := g.cases[i]
		for _, other := range g.cases {
			if other == usher {
				continue
			}
			longer, more := ratio.Rounds(usher.took, other.took), ratio.Rounds(usher.cpu, other.cpu)
			fmt.Fprintf(out, "| %s | %s | %d | %s | %s | %s | %s | %s | %s |\n",
				g.name, other.name, len(longer), each(usher.took), each(other.took), ratio.Text(longer),
				each(usher.cpu), each(other.cpu), ratio.Text(more))
		}
	}
	return out.Flush()
}

// each writes the median of some times in ns.
func each(times []float64) string {
	median := time.Duration(ratio.Median(times))
	digits := time.Microsecond
	if median > 10*time.Millisecond {
		digits = 100 * time.Microsecond
	}
	return median.Round(digits).String()
}
