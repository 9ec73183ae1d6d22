package service

import (
	"context"
	"time"
)

// ttlValue caches one value for a time. When it has expired, one caller reads it again
// while concurrent callers wait for the result.
type ttlValue[T any] struct {
	lock   chan struct{} // a mutex that a waiter can abandon
	ttl    time.Duration
	value  *T        // nil: not read yet
	readAt time.Time // when the read began
}

func newTTLValue[T any](ttl time.Duration) *ttlValue[T] {
	return &ttlValue[T]{lock: make(chan struct{}, 1), ttl: ttl}
}

// get returns the cached value, or reads it when it is older than the time to live. The
// result is shared: callers must not modify it. now is a monotonic clock. get fails as
// read does, and when ctx ends before the value is available.
func (v *ttlValue[T]) get(
	ctx context.Context, now func() time.Time, read func(context.Context) (T, error),
) (*T, error) {
	select {
	case v.lock <- struct{}{}:
		defer func() { <-v.lock }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	began := now()
	if v.value != nil && began.Sub(v.readAt) < v.ttl {
		return v.value, nil
	}
	value, err := read(ctx)
	if err != nil {
		return nil, err
	}
	v.value, v.readAt = &value, began
	return v.value, nil
}
