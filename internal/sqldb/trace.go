package sqldb

import "context"

// traceKey is the context key for the function that is passed to [Trace].
type traceKey struct{}

// Trace returns a context that makes a [Querier] call f with each statement and its values before
// the statement runs. Benchmarks record statements with it, and then run them without Usher's
// code. f may be called from another goroutine, and must not keep the values.
func Trace(ctx context.Context, f func(statement string, values []any)) context.Context {
	return context.WithValue(ctx, traceKey{}, f)
}

func trace(ctx context.Context, statement string, values []any) {
	if f, ok := ctx.Value(traceKey{}).(func(string, []any)); ok {
		f(statement, values)
	}
}
