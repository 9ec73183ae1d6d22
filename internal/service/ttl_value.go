package service

import (
	"context"
	"time"
)

// recent is a value that is read anew when it has become too old. One caller
// reads it; the others wait for what he gets.
type ttlValue[T any] struct {
	turn  chan struct{} // of who reads the value, or looks at it
	life  time.Duration
	value *T // nil: none
	read  time.Time
}

func newTTLValue[T any](life time.Duration) *ttlValue[T] {
	return &ttlValue[T]{turn: make(chan struct{}, 1), life: life}
}

// get returns the value, which nobody changes.
func (r *ttlValue[T]) get(ctx context.Context, now func() time.Time, read func(context.Context) (T, error)) (*T, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	began := now()
	if r.value != nil && began.Sub(r.read) < r.life {
		return r.value, nil
	}
	value, err := read(ctx)
	if err != nil {
		return nil, err
	}
	r.value, r.read = &value, began
	return r.value, nil
}
