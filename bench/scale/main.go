// Command scale fills a database of each engine with users and measures costs at each database size: the bytes of a row
// in each table and its indexes, the pages and time of each store operation, and the cost of a sign-in. docs/scaling.md
// calculates with these figures.
//
//	go run ./bench/scale -users 10000,100000
//
// PostgreSQL comes from Debian's packages and runs on a free port, with its data in a temporary directory.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
)

func main() {
	users := flag.String("users", "10000,100000", "the numbers of users to measure at, ascending")
	engines := flag.String("engines", "sqlite,postgres", "engines, separated by commas")
	flag.Parse()
	sizes, err := parseSizes(*users)
	if err == nil {
		err = run(context.Background(), os.Stdout, strings.Split(*engines, ","), sizes)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// parseSizes parses a comma-separated list of ascending numbers.
func parseSizes(text string) (sizes []int, err error) {
	last := 0
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n <= last {
			return nil, fmt.Errorf("-users must be ascending numbers, not %q", text)
		}
		sizes, last = append(sizes, n), n
	}
	return sizes, nil
}

func run(ctx context.Context, out io.Writer, engines []string, sizes []int) error {
	fmt.Fprintf(out, "%s. Sizes are exact; of the times, only the ratios hold on other machines.\n", procfs.Machine())
	for _, name := range engines {
		if err := measure(ctx, out, name, sizes); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// measure fills a database of the engine up to each of the sizes, one after the other, and measures the costs at each
// size.
func measure(ctx context.Context, out io.Writer, name string, sizes []int) error {
	e, err := open(ctx, name)
	if err != nil {
		return err
	}
	defer e.close()
	s, err := newSeeder(ctx, e.store)
	if err != nil {
		return err
	}
	costs := make([][]cost, len(sizes))
	for i, users := range sizes {
		if err := s.seedUpTo(ctx, users); err != nil {
			return err
		}
		tables, err := e.tables(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n## %s, %d users\n\n", name, users)
		writeTables(out, tables, users)
		if costs[i], err = e.costs(ctx, s); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\n## %s, cost of operations with %v users\n\n", name, sizes)
	writeCosts(out, sizes, costs)
	fmt.Fprintf(out, "\n## %s, sign-ins\n\n", name)
	return measureSignIns(ctx, out, e, s)
}

// table holds the size of a table and of its indexes.
type table struct {
	name                    string
	rows, bytes, indexBytes int64
}

func writeTables(out io.Writer, tables []table, users int) {
	fmt.Fprintln(out, "| table | rows | bytes a row | indexes, bytes a row | both, bytes a user |")
	fmt.Fprintln(out, "| --- | ---: | ---: | ---: | ---: |")
	sum := int64(0)
	for _, t := range tables {
		sum += t.bytes + t.indexBytes
		fmt.Fprintf(out, "| %s | %d | %d | %d | %d |\n",
			t.name, t.rows, t.bytes/t.rows, t.indexBytes/t.rows, (t.bytes+t.indexBytes)/int64(users))
	}
	fmt.Fprintf(out, "| all | | | | %d |\n", sum/int64(users))
}

func writeCosts(out io.Writer, sizes []int, costs [][]cost) {
	fmt.Fprint(out, "| operation |")
	for _, users := range sizes {
		fmt.Fprintf(out, " pages at %d | µs |", users)
	}
	fmt.Fprintln(out, " times as long | full scans |")
	fmt.Fprintln(out, "| --- |"+strings.Repeat(" ---: | ---: |", len(sizes))+" ---: | --- |")
	for i, first := range costs[0] {
		fmt.Fprintf(out, "| %s |", first.name)
		for _, c := range costs {
			fmt.Fprintf(out, " %s | %d |", c[i].pagesText(), c[i].elapsed.Microseconds())
		}
		last := costs[len(costs)-1][i]
		fmt.Fprintf(out, " %.1f | %s |\n", float64(last.elapsed)/float64(first.elapsed), strings.Join(last.scans, ", "))
	}
}
