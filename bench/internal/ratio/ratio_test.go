package ratio_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
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
		if got := ratio.Median(test.values); got != test.want {
			t.Errorf("Median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		a, b []float64
		want string
	}{
		{nil, nil, "-"},
		{[]float64{2, 9, 4}, []float64{1, 3, 4}, "2.00 (1.00-3.00)"},
		{[]float64{1234, 50}, []float64{1, 1}, "50.0 (50.0-1234)"},
	} {
		if got := ratio.Text(ratio.Rounds(test.a, test.b)); got != test.want {
			t.Errorf("%v beside %v is %q, want %q", test.a, test.b, got, test.want)
		}
	}
}
