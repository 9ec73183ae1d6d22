// Command load drives a built Usher and a bare net/http server that answers the
// same bytes, in turn, and writes a Markdown table of one beside the other.
//
//	go run ./bench/load -usher ./usher
//
// It starts both itself, on free ports of 127.0.0.1 and with data in a temporary
// directory, and stops them when it ends or is interrupted. scripts/bench.sh
// calls it; bench/README.md says how to read the table.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/work"
)

// Bounds of what may be asked for, so that a slip does not fill a machine.
const (
	maxRounds = 100
	maxTime   = time.Minute
	maxConns  = 256
)

// settings are the flags.
type settings struct {
	usher   string        // the binary
	output  string        // a file for the table, beside standard output
	rounds  int           // of all kinds but the bulk create
	creates int           // rounds of the bulk create
	time    time.Duration // of one side in one round
	conns   int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var s settings
	var bareMode bool
	flag.StringVar(&s.usher, "usher", "", "the usher `binary` to measure")
	flag.StringVar(&s.output, "o", "", "also write the table to a `file`")
	flag.IntVar(&s.rounds, "rounds", 3, "rounds of each kind of work but the bulk create")
	flag.IntVar(&s.creates, "creates", 0, "rounds of the bulk create, each with a few thousand hashes")
	flag.DurationVar(&s.time, "time", time.Second, "how long a round measures each side")
	flag.IntVar(&s.conns, "conns", 8, "connections at once")
	flag.BoolVar(&bareMode, "bare", false, "be the bare server: answers come in on standard input")
	flag.Parse()
	if bareMode {
		return serveBare(ctx, os.Stdin, os.Stdout)
	}
	if err := s.check(); err != nil {
		return err
	}
	results, err := measureAll(ctx, s)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	writeTable(&table, s, results)
	if _, err := os.Stdout.Write(table.Bytes()); err != nil || s.output == "" {
		return err
	}
	return os.WriteFile(s.output, table.Bytes(), 0o644)
}

func (s settings) check() error {
	switch {
	case s.usher == "":
		return errors.New("-usher is needed: the binary to measure")
	case s.rounds < 0 || s.rounds > maxRounds, s.creates < 0 || s.creates > maxRounds:
		return fmt.Errorf("at most %d rounds", maxRounds)
	case s.time <= 0 || s.time > maxTime:
		return fmt.Errorf("-time is more than 0 and at most %s", maxTime)
	case s.conns < 1 || s.conns > maxConns:
		return fmt.Errorf("-conns is 1 to %d", maxConns)
	}
	return nil
}

// measureAll measures every kind of work. The bulk create is the last, since
// after it a list is longer.
func measureAll(ctx context.Context, s settings) ([]result, error) {
	g, err := newGenerator(ctx, s)
	if err != nil {
		return nil, err
	}
	defer g.close()
	var results []result
	for _, kind := range []work.Kind{work.Whoami, work.Get, work.List, work.Login, work.Create} {
		rounds, conns := s.rounds, s.conns
		if kind.Hashes > 1 { // one request keeps all cores busy
			rounds, conns = s.creates, 1
		}
		if rounds == 0 {
			continue
		}
		r, err := g.measure(ctx, kind, rounds, conns)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.Name, err)
		}
		results = append(results, r)
	}
	return results, nil
}
