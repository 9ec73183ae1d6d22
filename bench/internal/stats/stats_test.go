package stats_test

import (
	"math"
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/stats"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2},
	} {
		if got := stats.Median(test.values); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestMedianIndex(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   int
	}{
		{nil, -1},
		{[]float64{7}, 0},
		{[]float64{9, 1, 5}, 2},
	} {
		if got := stats.MedianIndex(test.values, func(v float64) float64 { return v }); got != test.want {
			t.Errorf("MedianIndex(%v) = %d, want %d", test.values, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   string
	}{
		{nil, "-"},
		{[]float64{2}, "2.00"},
		{[]float64{2, 3, 1}, "2.00 (1.00–3.00)"},
		{[]float64{1234, 50}, "50.0 (50.0–1234)"},
	} {
		if got := stats.Summary(test.values); got != test.want {
			t.Errorf("Summary(%v) = %q, want %q", test.values, got, test.want)
		}
	}
}

// TestWelch checks an example computed by hand. The means are 3 and 4. Both samples have five values and the variance
// 2.5, so the standard error of the difference is 1.
func TestWelch(t *testing.T) {
	if got := stats.Welch([]float64{1, 2, 3, 4, 5}, []float64{2, 3, 4, 5, 6}); math.Abs(got+1) > 1e-9 {
		t.Errorf("Welch = %v, want -1", got)
	}
}
