package activity

import (
	"testing"
	"time"
)

// TestStartOfDay checks the days on which a zone changes its clocks, also at midnight.
func TestStartOfDay(t *testing.T) {
	for _, test := range []struct{ zone, day, want string }{
		{"UTC", "2027-03-01", "2027-03-01T00:00:00Z"},
		{"Europe/Paris", "2027-03-28", "2027-03-27T23:00:00Z"},
		{"Europe/Paris", "2027-03-29", "2027-03-28T22:00:00Z"},      // the previous day had 23 hours
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // clocks skipped midnight: the day began at 01:00
		{"Asia/Beirut", "2021-03-28", "2021-03-27T22:00:00Z"},       // clocks skipped midnight
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},    // midnight came twice
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"}, // the last hour of the previous day came twice
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		date, err := time.Parse(time.DateOnly, test.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := startOfDay(date, zone).UTC().Format(time.RFC3339); got != test.want {
			t.Errorf("%s in %s begins at %s, want %s", test.day, test.zone, got, test.want)
		}
	}
}
