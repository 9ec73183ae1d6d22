package settings

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// The values of a form of settings. A read-only field is not sent; its value is nil, which
// leaves the setting as it is. The rules validate every value that was sent.

// textValue returns the text of a field.
func textValue(q *page.Request, name string) *string {
	if !q.PostForm.Has(name) {
		return nil
	}
	return new(q.Value(name))
}

// clearableText returns the text of a field that may be empty, which clears the setting.
func clearableText(q *page.Request, name string) **string {
	if !q.PostForm.Has(name) {
		return nil
	}
	return new(q.OptionalValue(name))
}

// checkbox returns whether a checkbox is on. Browsers send it only then.
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

// number returns the integer in a field. It marks the field if there is none.
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

// durationField completes a field for a duration. It shows the value in the largest of the
// units, which are in ascending order, that gives a whole number.
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

// duration returns the duration in a field. It marks the field if there is none. A value
// beyond the range of [time.Duration] becomes the largest one.
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

// ids returns the ids among the values of checkboxes.
func ids(q *page.Request, name string) *[]int64 {
	ids := []int64{}
	for _, text := range q.PostForm[name] {
		if id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return &ids
}
