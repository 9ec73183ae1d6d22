// Command scale fills a database of each engine with users and tells what they
// take: bytes a row in each table and its indexes, what each statement touches and
// takes at one size and at the next, and what a sign-in costs. docs/scaling.md
// computes with its figures.
//
//	go run ./bench/scale -users 10000,100000
//
// PostgreSQL is one of Debian's packages, on a free port and in a temporary directory.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func main() {
	users := flag.String("users", "10000,100000", "how many users, at each size")
	engines := flag.String("engines", "sqlite,postgres", "where")
	flag.Parse()
	sizes, err := parseSizes(*users)
	if err == nil {
		err = run(context.Background(), os.Stdout, strings.Split(*engines, ","), sizes)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// parseSizes reads numbers that grow.
func parseSizes(text string) (sizes []int, err error) {
	last := 0
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n <= last {
			return nil, fmt.Errorf("-users must be numbers that grow, not %q", text)
		}
		sizes, last = append(sizes, n), n
	}
	return sizes, nil
}

func run(ctx context.Context, out io.Writer, engines []string, sizes []int) error {
	fmt.Fprintf(out, "%d cores, %s/%s, %s. Sizes are exact; of times, look at ratios alone.\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, name := range engines {
		if err := measure(ctx, out, name, sizes); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// measure does everything on one engine.
func measure(ctx context.Context, out io.Writer, name string, sizes []int) error {
	e, err := open(ctx, name)
	if err != nil {
		return err
	}
	defer e.close()
	f, err := newFiller(ctx, e.store)
	if err != nil {
		return err
	}
	costs := make([][]cost, len(sizes))
	for i, users := range sizes {
		if err := f.fillTo(ctx, users); err != nil {
			return err
		}
		tables, err := e.tables(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n## %s, %d users\n\n", name, users)
		writeTables(out, tables, users)
		if costs[i], err = e.costs(ctx, f); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\n## %s, what statements cost with %v users\n\n", name, sizes)
	writeCosts(out, sizes, costs)
	fmt.Fprintf(out, "\n## %s, signing in\n\n", name)
	return measureSignIns(ctx, out, e, f)
}

// table is what a table takes.
type table struct {
	name                 string
	rows, bytes, indexes int64
}

func writeTables(out io.Writer, tables []table, users int) {
	fmt.Fprintln(out, "| table | rows | bytes a row | indexes, bytes a row | both, bytes a user |")
	fmt.Fprintln(out, "| --- | ---: | ---: | ---: | ---: |")
	sum := int64(0)
	for _, t := range tables {
		sum += t.bytes + t.indexes
		fmt.Fprintf(out, "| %s | %d | %d | %d | %d |\n", t.name, t.rows, t.bytes/t.rows, t.indexes/t.rows, (t.bytes+t.indexes)/int64(users))
	}
	fmt.Fprintf(out, "| all | | | | %d |\n", sum/int64(users))
}

func writeCosts(out io.Writer, sizes []int, costs [][]cost) {
	fmt.Fprint(out, "| operation |")
	for _, users := range sizes {
		fmt.Fprintf(out, " pages at %d | µs |", users)
	}
	fmt.Fprintln(out, " times as long | reads a whole table |")
	fmt.Fprintln(out, "| --- |"+strings.Repeat(" ---: | ---: |", len(sizes))+" ---: | --- |")
	for i, first := range costs[0] {
		fmt.Fprintf(out, "| %s |", first.name)
		for _, c := range costs {
			fmt.Fprintf(out, " %s | %d |", c[i].pagesText(), c[i].took.Microseconds())
		}
		last := costs[len(costs)-1][i]
		fmt.Fprintf(out, " %.1f | %s |\n", float64(last.took)/float64(first.took), strings.Join(last.scans, ", "))
	}
}
