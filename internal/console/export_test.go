package console

import "github.com/seed-3a99a2fe/usher/internal/console/page"

// Patterns returns the patterns of all routes: those that are open to visitors, and those that need
// a session.
func Patterns() (open, closed []string) {
	for _, r := range routes(Options{}) {
		if r.Open {
			open = append(open, r.Pattern)
		} else {
			closed = append(closed, r.Pattern)
		}
	}
	return open, closed
}

// LargeForms returns the size limits, in bytes, of the routes whose forms may have more than
// [page.MaxFormBytes], by pattern, and the patterns of those that anyone may use.
func LargeForms() (limits map[string]int64, unguarded []string) {
	limits = map[string]int64{}
	for _, r := range routes(Options{}) {
		if r.MaxBytes <= page.MaxFormBytes {
			continue
		}
		limits[r.Pattern] = r.MaxBytes
		if r.Open || r.Needs == (page.Permission{}) {
			unguarded = append(unguarded, r.Pattern)
		}
	}
	return limits, unguarded
}
