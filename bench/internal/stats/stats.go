// Package stats summarizes measurements: median, mean, and Welch's t-test.
package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Median returns the median of the values, or 0 if there are none. If their number is even, it returns the lower of
// the two values in the middle.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// MedianIndex returns the index of the item with the median value, and -1 if there are no items.
func MedianIndex[T any](items []T, value func(T) float64) int {
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

// Summary formats the median, the minimum and the maximum, for example "2.10 (1.98–2.31)".
func Summary(values []float64) string {
	switch len(values) {
	case 0:
		return "-"
	case 1:
		return Format(values[0])
	}
	return fmt.Sprintf("%s (%s–%s)", Format(Median(values)), Format(slices.Min(values)), Format(slices.Max(values)))
}

// Format formats v with three significant digits. Numbers of 100 and more have no decimal places.
func Format(v float64) string {
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

// Welch returns the t statistic of Welch's test: the difference of the means in units of its standard error (B. L.
// Welch, Biometrika 34, 1947). For two samples of one distribution |t| exceeds 4.5 less than once in 100,000 times.
func Welch(a, b []float64) float64 {
	return (Mean(a) - Mean(b)) / math.Sqrt(variance(a)/float64(len(a))+variance(b)/float64(len(b)))
}

// variance returns the unbiased sample variance.
func variance(values []float64) float64 {
	mean, sum := Mean(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(values)-1)
}
