package client

import (
	"context"
	"time"
)

// WithSleep replaces the waiting before retries.
func WithSleep(c *Client, sleep func(context.Context, time.Duration) error) *Client {
	other := *c
	other.sender.sleep = sleep
	return &other
}
