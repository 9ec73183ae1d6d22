package client

import (
	"context"
	"time"
)

// WithSleep returns a copy of c that calls sleep to wait before a retry.
func WithSleep(c *Client, sleep func(context.Context, time.Duration) error) *Client {
	s := c.sender
	s.sleep = sleep
	return newClient(c.base, s)
}
