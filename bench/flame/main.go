// Command flame draws a CPU profile of Go as a flame graph: an SVG without scripts, in which a
// frame is as wide as the share of the time that was spent in it and in what it called,
// which is below it.
//
//	go run ./bench/flame -root 'net/http.\(\*conn\).serve' -title 'whoami' profile >graph.svg
//
// scripts/flames.sh draws those of docs/performance.md.
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
	title := flag.String("title", "", "what was measured")
	root := flag.String("root", "", "draw the stacks alone that have a frame which matches a regular `expression`, from the first such frame on")
	flag.Parse()
	if flag.NArg() != 1 {
		return fmt.Errorf("want one profile, have %d", flag.NArg())
	}
	from, err := regexp.Compile(*root)
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
	tree := grow(p, from)
	if tree.value == 0 {
		return fmt.Errorf("no stack of %s has a frame that matches %q", flag.Arg(0), *root)
	}
	_, err = io.WriteString(out, draw(tree, *title))
	return err
}

// frame is a function where it was called from, with the time spent in it and below.
type frame struct {
	name   string // with the path of its package
	value  int64
	called map[string]*frame
}

// child returns the frame of a function that is called here.
func (f *frame) child(name string) *frame {
	c := f.called[name]
	if c == nil {
		c = &frame{name: name, called: map[string]*frame{}}
		f.called[name] = c
	}
	return c
}

// grow makes a tree of the stacks of a profile from the frame on that matches.
func grow(p *profile.Profile, from *regexp.Regexp) *frame {
	all := &frame{called: map[string]*frame{}}
	last := len(p.SampleType) - 1 // the time; the first is the number of samples
	for _, s := range p.Sample {
		names := stack(s)
		first := slices.IndexFunc(names, from.MatchString)
		if first < 0 {
			continue
		}
		value := s.Value[last]
		all.value += value
		f := all
		for _, name := range names[first:] {
			f = f.child(name)
			f.value += value
		}
	}
	return all
}

// stack returns the functions of a sample, the outermost first, those that were inlined
// among them.
func stack(s *profile.Sample) (names []string) {
	for _, location := range slices.Backward(s.Location) {
		for _, line := range slices.Backward(location.Line) {
			names = append(names, line.Function.Name)
		}
	}
	return names
}

// children returns what is called by a frame, the most expensive first.
func (f *frame) children() []*frame {
	return slices.SortedFunc(maps.Values(f.called), func(a, b *frame) int {
		return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.name, b.name))
	})
}
