package service

import (
	"context"
	"time"
)

// ttlValue caches one value for the time ttl. After that, one caller reads the value again,
// while concurrent callers wait for the result.
type ttlValue[T any] struct {
	lock   chan struct{} // used as a mutex; unlike with sync.Mutex, a waiting caller can give up
	ttl    time.Duration
	value  *T        // nil before the first read
	readAt time.Time // time when the last read began
}

func newTTLValue[T any](ttl time.Duration) *ttlValue[T] {
	return &ttlValue[T]{lock: make(chan struct{}, 1), ttl: ttl}
}

// get returns the cached value. It calls read if the value is older than ttl. All callers
// share the result, so they must not modify it. now must be a monotonic clock. get fails
// with the error of read, or when ctx ends first.
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
