// Command load compares Usher's binary with a baseline, an upper bound of its speed, and writes a Markdown table of the
// ratios. It measures the two in alternating rounds.
//
//	go run ./bench/load -usher ./usher
//
// The command starts all processes itself, on free ports of 127.0.0.1 and with data in a temporary directory: Usher on
// SQLite and on PostgreSQL from Debian's packages, and the baseline processes. All of them stop when the command ends
// or is interrupted. scripts/bench.sh runs the command. bench/README.md explains how to read the table.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/database"
)

// Upper limits of the flags. They keep a mistyped number from using up the machine's disk.
const (
	maxRounds = 100
	maxTime   = time.Minute
	maxUsers  = 2_000_000
	maxSoak   = 24 * time.Hour
)

// settings holds the values of the flags.
type settings struct {
	usher      string         // path of Usher's binary
	output     string         // file for the table; "": standard output only
	engines    []string       // names from database.Names
	rows       *regexp.Regexp // matches the names of the table rows to measure
	rounds     int
	time       time.Duration // how long a round measures Usher, and then the baseline
	users      int64         // number of users in the database
	smallUsers int64         // number of users in the small database of the scaling comparison
	largeUsers int64         // number of users in the large database of the scaling comparison
	soak       time.Duration // duration of a soak on each engine; 0: measure the table rows instead
	tries      int           // number of requests of each kind in the timing comparison
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
	s := settings{rows: regexp.MustCompile("")}
	flag.StringVar(&s.usher, "usher", "", "the usher `binary` to measure")
	flag.StringVar(&s.output, "o", "", "also write the table to a `file`")
	flag.Func("engines", "engines, separated by commas (default sqlite,postgres)", func(text string) error {
		s.engines = strings.Split(text, ",")
		return nil
	})
	flag.Func("rows", "measure only the rows whose names match a regular `expression`", func(text string) (err error) {
		s.rows, err = regexp.Compile(text)
		return err
	})
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of each row")
	flag.DurationVar(&s.time, "time", 5*time.Second, "how long a round measures each side")
	flag.Int64Var(&s.users, "users", 100_000, "users in the database")
	flag.Int64Var(&s.smallUsers, "few", 1_000, "users in the small database of the scaling rows")
	flag.Int64Var(&s.largeUsers, "many", 1_000_000, "users in the large database of the scaling rows")
	flag.IntVar(&s.tries, "tries", 2_000, "requests of each kind whose times must not differ")
	flag.DurationVar(&s.soak, "soak", 0,
		"instead of the rows, serve mixed traffic on each engine for this long, and fail if a metric grows")
	baselineProcess := flag.String("baseline", "", "run as a baseline process: `server` or hashes")
	flag.Parse()
	if *baselineProcess != "" {
		return runBaseline(ctx, *baselineProcess, os.Stdin, os.Stdout)
	}
	if len(s.engines) == 0 {
		s.engines = database.Names()
	}
	if err := s.check(); err != nil {
		return err
	}
	var text bytes.Buffer
	var err error
	if s.soak > 0 {
		err = soak(ctx, s, &text)
	} else {
		report := report{settings: s}
		err = report.measure(ctx)
		report.write(&text)
	}
	if _, writeErr := os.Stdout.Write(text.Bytes()); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if s.output != "" {
		err = errors.Join(err, os.WriteFile(s.output, text.Bytes(), 0o644))
	}
	return err
}

func (s settings) check() error {
	switch {
	case s.usher == "":
		return errors.New("-usher is required: the binary to measure")
	case s.rounds < 1 || s.rounds > maxRounds:
		return fmt.Errorf("-rounds must be from 1 to %d", maxRounds)
	case s.time <= 0 || s.time > maxTime:
		return fmt.Errorf("-time must be more than 0 and at most %s", maxTime)
	case s.smallUsers < 100 || s.users < 100 || s.largeUsers > maxUsers || s.users > maxUsers:
		return fmt.Errorf("-users, -few and -many must be from 100 to %d", maxUsers)
	case s.soak < 0 || s.soak > maxSoak:
		return fmt.Errorf("-soak must be at most %s", maxSoak)
	case s.soak > 0:
	case s.tries < 10 || int64(s.tries)*timingKinds > s.users:
		return fmt.Errorf("-tries must be from 10 to a %dth of -users: each request has its own account", timingKinds)
	}
	for _, name := range s.engines {
		if !slices.Contains(database.Names(), name) {
			return fmt.Errorf("-engines: there is no engine %q", name)
		}
	}
	return nil
}
