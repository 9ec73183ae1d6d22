package settings

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// The functions below read the fields of a form of settings. Browsers don't send a read-only field;
// its value is then nil, which leaves the setting unchanged. Package service validates all other
// values.

// textValue returns the text in a field.
func textValue(q *page.Request, name string) *string {
	if !q.PostForm.Has(name) {
		return nil
	}
	return new(q.Value(name))
}

// clearableText returns the text in a field, or a pointer to nil if the field is empty. The latter
// clears the setting.
func clearableText(q *page.Request, name string) **string {
	if !q.PostForm.Has(name) {
		return nil
	}
	return new(q.OptionalValue(name))
}

// checkbox returns whether a checkbox is checked. Browsers don't send an unchecked box, so a
// missing value means false unless the field is read-only.
func checkbox(q *page.Request, f *page.Form, name string) *bool {
	if field := f.Field(name); field.Disabled && !q.PostForm.Has(name) {
		return nil
	}
	return new(q.PostForm.Has(name))
}

const (
	mustBeWhole   locale.Phrase = "Must be a whole number."
	mustBeOffered locale.Phrase = "Must be one of those that are offered."
)

// number returns the integer in a field. If the text is not an integer, number marks the field.
func number(q *page.Request, f *page.Form, name string) *int {
	if !q.PostForm.Has(name) {
		return nil
	}
	n, err := strconv.Atoi(q.Value(name))
	if err != nil {
		q.MarkField(f, name, mustBeWhole)
	}
	return &n
}

// unit is a unit of time.
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

// durationField turns f into a field for a duration: a number and a unit. units are in ascending
// order. The field shows value in the largest unit that divides it.
func durationField(q *page.Request, f *page.Field, value time.Duration, units ...unit) *page.Field {
	best := units[0]
	for _, u := range units {
		if value > 0 && value%u.length == 0 {
			best = u
		}
	}
	f.Type, f.Value = "span", strconv.FormatInt(int64(value/best.length), 10)
	for _, u := range units {
		f.Options = append(f.Options, page.Option{Value: u.name, Text: q.Tr(u.label), Selected: u == best})
	}
	return f
}

// duration returns the duration in a field. If the text is not a whole number or the unit is
// unknown, duration marks the field. A value that is too large for [time.Duration] becomes the
// largest possible duration.
func duration(q *page.Request, f *page.Form, name string) *time.Duration {
	if !q.PostForm.Has(name) {
		return nil
	}
	var length time.Duration
	for _, u := range []unit{seconds, minutes, hours, days} {
		if sent := q.PostForm.Get(name + "-unit"); u.name == sent && f.Field(name).Offers(sent) {
			length = u.length
		}
	}
	if length == 0 {
		q.MarkField(f, name, mustBeOffered)
		return nil
	}
	n, err := strconv.ParseInt(q.Value(name), 10, 64)
	if err != nil || n < 0 {
		q.MarkField(f, name, mustBeWhole)
		return nil
	}
	return new(time.Duration(min(n, math.MaxInt64/int64(length))) * length)
}

// ids returns the ids of the checked boxes in a field.
func ids(q *page.Request, name string) *[]int64 {
	ids := []int64{}
	for _, text := range q.PostForm[name] {
		if id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return &ids
}
