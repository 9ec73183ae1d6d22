// Package ratio puts measurements of one run beside each other. On a machine
// that others use too a figure alone says little, and one taken in the same
// seconds as another says something of both.
//
// The package imports the standard library alone.
package ratio

import (
	"fmt"
	"slices"
)

// Median returns the middle of the values, the lower one of two. It is 0 where
// there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// Rounds returns what each round measured of a divided by what the same round
// measured of b.
func Rounds(a, b []float64) []float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return ratios
}

// Text writes the median with the least and the greatest: "2.10 (1.98-2.31)".
func Text(ratios []float64) string {
	if len(ratios) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s-%s)",
		short(Median(ratios)), short(slices.Min(ratios)), short(slices.Max(ratios)))
}

// short writes three digits or all that stand before the point.
func short(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
