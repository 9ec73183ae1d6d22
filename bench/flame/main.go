// Command flame draws a CPU profile of Go as a flame graph with the roots on top. The SVG contains no scripts. The
// width of a frame is its share of the CPU time, including its callees.
//
//	go run ./bench/flame -root 'net/http.\(\*conn\).serve' -title 'whoami' profile >graph.svg
//
// scripts/flames.sh draws the flame graphs of docs/performance.md.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "flame:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	title := flag.String("title", "", "`title` of the graph")
	root := flag.String("root", "",
		"draw only stacks with a function that matches a regular `expression`, from the outermost such frame on")
	flag.Parse()
	if flag.NArg() != 1 {
		return fmt.Errorf("one profile is required, not %d", flag.NArg())
	}
	rootPattern, err := regexp.Compile(*root)
	if err != nil {
		return err
	}
	file, err := os.Open(flag.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	p, err := profile.Parse(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", flag.Arg(0), err)
	}
	tree := buildTree(p, rootPattern)
	if tree.value == 0 {
		return fmt.Errorf("no stack of %s has a function that matches %q", flag.Arg(0), *root)
	}
	_, err = io.WriteString(out, draw(tree, *title))
	return err
}

// frame is a node of the call tree: a function reached by one chain of callers, with the CPU time spent in the function
// and its callees.
type frame struct {
	name    string // package path and function name
	value   int64
	callees map[string]*frame
}

func newFrame(name string) *frame { return &frame{name: name, callees: map[string]*frame{}} }

// callee returns the child frame for a function that this frame calls, and creates it if needed.
func (f *frame) callee(name string) *frame {
	c := f.callees[name]
	if c == nil {
		c = newFrame(name)
		f.callees[name] = c
	}
	return c
}

// buildTree builds the call tree of a profile. It cuts each stack at the outermost function that matches root, and
// ignores stacks without such a function.
func buildTree(p *profile.Profile, root *regexp.Regexp) *frame {
	all := newFrame("")
	last := len(p.SampleType) - 1 // index of the CPU time; the first type is the number of samples
	for _, s := range p.Sample {
		names := stack(s)
		first := slices.IndexFunc(names, root.MatchString)
		if first < 0 {
			continue
		}
		value := s.Value[last]
		all.value += value
		f := all
		for _, name := range names[first:] {
			f = f.callee(name)
			f.value += value
		}
	}
	return all
}

// stack returns the functions of a sample, including inlined functions. The outermost caller comes first.
func stack(s *profile.Sample) (names []string) {
	for _, location := range slices.Backward(s.Location) {
		for _, line := range slices.Backward(location.Line) {
			names = append(names, line.Function.Name)
		}
	}
	return names
}

// sortedCallees returns the callees of f, the one with the most CPU time first.
func (f *frame) sortedCallees() []*frame {
	return slices.SortedFunc(maps.Values(f.callees), func(a, b *frame) int {
		return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.name, b.name))
	})
}
