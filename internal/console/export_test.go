package console

// Patterns returns the patterns of the pages that are open to everybody, and of the
// others.
func Patterns() (open, closed []string) {
	for _, r := range routes {
		if r.open {
			open = append(open, r.pattern)
		} else {
			closed = append(closed, r.pattern)
		}
	}
	return open, closed
}
