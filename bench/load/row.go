package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
)

// row is one line of the table: a kind of work of Usher beside what bounds it.
type row struct {
	name, beside string
	limit        limit
	// measure measures it on the database of a bench, or on copies of it.
	measure func(ctx context.Context, b *bench, r row) (result, error)
}

// limit is what a row is to reach.
type limit struct {
	value float64
	unit  string // "" is of ratios
	most  bool   // value is the most, else the least
}

func (l limit) String() string {
	sign := "≥"
	if l.most {
		sign = "≤"
	}
	return fmt.Sprintf("%s %s%s", sign, ratio.Digits(l.value), l.unit)
}

func (l limit) reached(value float64) bool {
	if l.most {
		return value <= l.value
	}
	return value >= l.value
}

// result is what was measured for a row, in each round.
type result struct {
	values       []float64 // the ratios, or what else the limit is for
	usher, other []sample
	show         func(sample) string // tells a sample in a few words
	note         string
}

// bench measures the rows on one engine.
type bench struct {
	settings
	engine engine
	base   *database // that nobody has open
	two    *twoSizes // nil: no row has asked for them yet
}

// copy makes a database like the base.
func (b *bench) copy(ctx context.Context) (*database, error) { return b.base.copy(ctx) }

// serve starts Usher on a copy of the base.
func (b *bench) serve(ctx context.Context) (*database, *process, error) {
	d, err := b.copy(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := startUsher(ctx, b.usher, d)
	if err != nil {
		return nil, nil, errors.Join(err, b.engine.drop(ctx, d))
	}
	return d, p, nil
}

// away stops a server and removes its database.
func (b *bench) away(d *database, p *process) {
	p.stop()
	if err := b.engine.drop(context.Background(), d); err != nil {
		fmt.Fprintln(os.Stderr, "load: remove a database:", err)
	}
}

// warmUp is the part of a round that runs before the first one and is not counted.
const warmUp = 5

// rounds measures both sides in turn. Which goes first changes with each round.
func (b *bench) rounds(ctx context.Context, usher, other side, compare func(usher, other sample) float64) (r result, err error) {
	for _, s := range []side{usher, other} {
		if _, err := s(ctx, b.time/warmUp); err != nil {
			return r, err
		}
	}
	for i := range b.settings.rounds {
		var u, o sample
		first, second := side(usher), side(other)
		to, then := &u, &o
		if i%2 == 1 {
			first, second, to, then = other, usher, &o, &u
		}
		if *to, err = first(ctx, b.time); err != nil {
			return r, err
		}
		if *then, err = second(ctx, b.time); err != nil {
			return r, err
		}
		r.usher, r.other, r.values = append(r.usher, u), append(r.other, o), append(r.values, compare(u, o))
	}
	return r, nil
}

// faster is the ratio of how often Usher does the work to how often the other does.
func faster(usher, other sample) float64 { return rate(usher) / rate(other) }

// longer is the ratio of how long Usher takes to how long the other does.
func longer(usher, other sample) float64 { return milliseconds(usher) / milliseconds(other) }

// aSecond tells how often the work was done in a second.
func aSecond(s sample) string { return ratio.Digits(rate(s)) + "/s" }

// took tells how long the work takes each time, for who waits for it alone.
func took(s sample) string { return span(milliseconds(s)) }

// slowest tells the time that all but one in a hundred took at most.
func slowest(s sample) string { return "p99 " + span(p99(s)) }

func span(milliseconds float64) string {
	return time.Duration(milliseconds * float64(time.Millisecond)).Round(10 * time.Microsecond).String()
}
