package command

import (
	"errors"
	"fmt"
)

// hintedError is a failure with advice. The command line shows the hint on a line of its own.
type hintedError struct {
	error
	hint string
}

// Unwrap returns the failure without its hint.
func (h *hintedError) Unwrap() error { return h.error }

// WithHint adds advice on what to do next to err.
func WithHint(err error, format string, args ...any) error {
	return &hintedError{error: err, hint: fmt.Sprintf(format, args...)}
}

// Hint returns the outermost hint of err, and whether there is one.
func Hint(err error) (string, bool) {
	if h, ok := errors.AsType[*hintedError](err); ok {
		return h.hint, true
	}
	return "", false
}

// usageError is a wrong command line. It hides the error in it: the reason is in its text.
type usageError struct{ error }

// UsageErrorf returns an error for a wrong command line. A command that fails with it exits with ExitUsage.
func UsageErrorf(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// IsUsageError reports whether err says that the command line is wrong.
func IsUsageError(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}
