package account

import "time"

// What a busy machine takes long for is not late in the tests, whose clock stands still.
func init() { touchTime, pollTimeout = time.Minute, time.Second }
