package console

import "time"

// startOfDay is the first moment of a day, which is given by its date alone, in a zone.
// Where clocks are put forward at midnight there is no midnight, and where they are put
// back there may be two.
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
