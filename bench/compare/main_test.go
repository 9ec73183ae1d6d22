package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	groups, err := read(strings.NewReader(`goos: linux
BenchmarkGet/usher-2         1000	    300000 ns/op	    600000 cpu-ns/op	   14743 B/op
BenchmarkGet/bare-2          7200	    100000 ns/op	    150000 cpu-ns/op	    3329 B/op
PASS
BenchmarkGet/usher-2         1000	    100000 ns/op
BenchmarkGet/bare-2          7200	    100000 ns/op
BenchmarkGet/usher-2         1000	    400000 ns/op
BenchmarkGet/bare-2          7200	    200000 ns/op
BenchmarkAlone/bare          7200	    200000 ns/op
`))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := write(&out, groups); err != nil {
		t.Fatal(err)
	}
	const want = "| Get | bare | 3 | 300µs | 100µs | 2.00 (1.00-3.00) | 600µs | 150µs | 4.00 (4.00-4.00) |\n"
	if _, rows, _ := strings.Cut(out.String(), "---: |\n"); rows != want {
		t.Errorf("the rows are\n%swant\n%s", rows, want)
	}
}
