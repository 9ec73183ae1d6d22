package sqlstore

import "context"

// traced is the key of the function that a context has for [Trace].
type traced struct{}

// Trace returns a context whose calls tell f of each statement that they run, with its
// values, before they run it. The benchmarks run the same statements without what is
// around them. f may be called from another goroutine, and must keep no value.
func Trace(ctx context.Context, f func(statement string, values []any)) context.Context {
	return context.WithValue(ctx, traced{}, f)
}

func trace(ctx context.Context, statement string, values []any) {
	if f, ok := ctx.Value(traced{}).(func(string, []any)); ok {
		f(statement, values)
	}
}
