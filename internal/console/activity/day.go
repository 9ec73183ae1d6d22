package activity

import (
	"time"
)

// startOfDay returns the first moment of a date in a time zone. The day may begin later than
// midnight, because some zones set their clocks forward at midnight. If clocks are set back and
// midnight comes twice, the day begins at the first midnight.
func startOfDay(date time.Time, zone *time.Location) time.Time {
	y, m, d := date.Date()
	start := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if start.Day() != d { // clocks skip midnight: start is still on the previous day
		_, start = start.ZoneBounds()
	}
	for earlier := start.Add(-30 * time.Minute); earlier.Day() == d; earlier = start.Add(-30 * time.Minute) {
		start = earlier
	}
	return start
}
