package console

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// What a form of settings changes. A field that was not sent, because it is shown and
// cannot be changed, is nil: it stays as it is. The rules judge all that was sent.

// text is what was sent for a field.
func (q *request) text(name string) *string {
	if !q.PostForm.Has(name) {
		return nil
	}
	return new(q.value(name))
}

// clearable is text of a field that may be empty, which clears it.
func (q *request) clearable(name string) **string {
	if !q.PostForm.Has(name) {
		return nil
	}
	return new(q.optional(name))
}

// yes is whether a checkbox is on. Browsers send it only then.
func (q *request) yes(f *form, name string) *bool {
	if field := f.named(name); field.Disabled && !q.PostForm.Has(name) {
		return nil
	}
	return new(q.PostForm.Has(name))
}

const (
	notWhole   locale.Phrase = "Must be a whole number."
	notOffered locale.Phrase = "Must be one of those that are offered."
)

// offers reports whether a value is one of the options of a field.
func (f *field) offers(value string) bool {
	return slices.ContainsFunc(f.Options, func(o option) bool { return o.Value == value })
}

// whole is the number that was sent. What is none is marked.
func (q *request) whole(f *form, name string) *int {
	if !q.PostForm.Has(name) {
		return nil
	}
	n, err := strconv.Atoi(q.value(name))
	if err != nil {
		q.markField(f, name, notWhole)
	}
	return &n
}

// unit is a unit of time, in words that people use.
type unit struct {
	name   string
	label  locale.Phrase
	length time.Duration
}

var (
	seconds = unit{"seconds", "seconds", time.Second}
	minutes = unit{"minutes", "minutes", time.Minute}
	hours   = unit{"hours", "hours", time.Hour}
	days    = unit{"days", "days", 24 * time.Hour}
)

// spanField is a field for a time in the largest of its units, from small to large,
// that it is a whole number of.
func (q *request) spanField(of field, now time.Duration, units ...unit) *field {
	best := units[0]
	for _, u := range units {
		if now > 0 && now%u.length == 0 {
			best = u
		}
	}
	of.Type, of.Value = "span", strconv.FormatInt(int64(now/best.length), 10)
	for _, u := range units {
		of.Options = append(of.Options, option{Value: u.name, Text: q.say(u.label), Selected: u == best})
	}
	return &of
}

// span is the time that was sent, in a unit of the field. What is none is marked, and what is too long to
// count is the longest there is.
func (q *request) span(f *form, name string) *time.Duration {
	if !q.PostForm.Has(name) {
		return nil
	}
	var length time.Duration
	for _, u := range []unit{seconds, minutes, hours, days} {
		if sent := q.PostForm.Get(name + "-unit"); u.name == sent && f.named(name).offers(sent) {
			length = u.length
		}
	}
	if length == 0 {
		q.markField(f, name, notOffered)
		return nil
	}
	n, err := strconv.ParseInt(q.value(name), 10, 64)
	if err != nil || n < 0 {
		q.markField(f, name, notWhole)
		return nil
	}
	return new(time.Duration(min(n, math.MaxInt64/int64(length))) * length)
}

// named returns the field of a name.
func (f *form) named(name string) *field {
	for _, field := range f.Fields {
		if field.Name == name {
			return field
		}
	}
	return &field{}
}

// faulty reports whether something was marked already.
func (f *form) faulty() bool { return f.Alert != "" }

// disable shows fields as they are, and says why they cannot be changed.
func (f *form) disable(why locale.Phrase, names ...string) {
	for _, name := range names {
		field := f.named(name)
		field.Disabled, field.Hint = true, why
	}
}

// disableAll disables every field that is not yet, and takes the button away.
func (f *form) disableAll() {
	f.Submit = ""
	for _, field := range f.Fields {
		field.Disabled = true
		for i := range field.Options {
			field.Options[i].Disabled = true
		}
	}
}

// ids are the values of checkboxes that are ids.
func (q *request) ids(name string) *[]int64 {
	ids := []int64{}
	for _, text := range q.PostForm[name] {
		if id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return &ids
}
