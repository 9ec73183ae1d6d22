// Package ratio puts measurements of one run beside each other. On a machine
// that others use too a figure alone says little, and one taken in the same
// seconds as another says something of both.
//
// The package imports the standard library alone.
package ratio

import (
	"cmp"
	"fmt"
	"math"
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

// Middle returns the index of the item whose value is the median, and -1 where there
// are none.
func Middle[T any](items []T, value func(T) float64) int {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(value(items[a]), value(items[b])) })
	if len(order) == 0 {
		return -1
	}
	return order[(len(order)-1)/2]
}

// Text writes the median with the least and the greatest: "2.10 (1.98–2.31)".
func Text(values []float64) string {
	switch len(values) {
	case 0:
		return "-"
	case 1:
		return Digits(values[0])
	}
	return fmt.Sprintf("%s (%s–%s)", Digits(Median(values)), Digits(slices.Min(values)), Digits(slices.Max(values)))
}

// Digits writes three digits or all that stand before the point.
func Digits(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// Mean returns the mean of the values.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Welch returns the t of Welch's test: how many times its own uncertainty the difference
// of two means is (B. L. Welch, Biometrika 34, 1947). Values of one distribution have
// more than 4.5 less than once in a hundred thousand times.
func Welch(a, b []float64) float64 {
	return (Mean(a) - Mean(b)) / math.Sqrt(variance(a)/float64(len(a))+variance(b)/float64(len(b)))
}

// variance is that of the distribution that values are a sample of.
func variance(values []float64) float64 {
	mean, sum := Mean(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(values)-1)
}
