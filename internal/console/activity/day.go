package activity

import (
	"time"
)

// startOfDay returns the first moment of the day of a date in a zone. If clocks are set
// forward at midnight there is no midnight; if they are set back there may be two.
func startOfDay(date time.Time, zone *time.Location) time.Time {
	y, m, d := date.Date()
	start := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if start.Day() != d { // before the gap
		_, start = start.ZoneBounds()
	}
	for earlier := start.Add(-30 * time.Minute); earlier.Day() == d; earlier = start.Add(-30 * time.Minute) {
		start = earlier
	}
	return start
}
