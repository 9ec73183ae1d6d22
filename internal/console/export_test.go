package console

// Patterns returns the patterns of the pages that are open to visitors, and of the others.
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
