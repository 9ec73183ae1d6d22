package command

import (
	"errors"
	"fmt"
)

// hintedError is an error with a hint: advice on what to do next. The command line shows the hint on a
// separate line.
type hintedError struct {
	error
	hint string
}

// Unwrap returns the error without its hint.
func (h *hintedError) Unwrap() error { return h.error }

// WithHint returns err with a hint, which tells the user what to do next.
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

// usageError is the error of a wrong command line. It has no Unwrap method: its text already says what is
// wrong.
type usageError struct{ error }

// UsageErrorf returns an error for a wrong command line. A command that fails with it exits with ExitUsage.
func UsageErrorf(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// IsUsageError reports whether err is, or wraps, an error from UsageErrorf.
func IsUsageError(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}
