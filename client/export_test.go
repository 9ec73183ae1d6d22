package client

import (
	"context"
	"time"
)

// WithSleep replaces the waiting before retries.
func WithSleep(c *Client, sleep func(context.Context, time.Duration) error) *Client {
	s := c.sender
	s.sleep = sleep
	return newClient(c.base, s)
}
