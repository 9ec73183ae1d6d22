package console

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
