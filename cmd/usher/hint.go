package main

import "fmt"

// hinted is a failure with what to do about it. The command line shows the hint
// on a line of its own.
type hinted struct {
	error
	hint string
}

// Unwrap returns the failure itself.
func (h *hinted) Unwrap() error { return h.error }

// withHint adds a hint to a failure.
func withHint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}
