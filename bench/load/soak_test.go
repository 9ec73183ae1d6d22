package main

import "testing"

// TestGrown checks that a lasting increase counts as growth and a temporary one does not.
func TestGrown(t *testing.T) {
	memory := soakMetrics()[0]
	for name, test := range map[string]struct {
		metric metric
		values []float64
		grown  bool
	}{
		"flat":                       {memory, []float64{200, 200, 200, 200, 200, 200, 200, 200, 200}, false},
		"the memory of one hash":     {memory, []float64{200, 200, 200, 200, 200, 200, 219, 219, 219}, false},
		"a peak":                     {memory, []float64{200, 200, 200, 200, 200, 200, 900, 200, 200}, false},
		"a steady increase":          {memory, []float64{200, 220, 240, 260, 280, 300, 320, 340, 360}, true},
		"idle, within the tolerance": {idleMetric(), []float64{25, 28}, false},
		"idle, above the tolerance":  {idleMetric(), []float64{25, 35}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var observations []observation
			for _, v := range test.values {
				observations = append(observations, observation{memory: v * mebi})
			}
			if _, _, grown := test.metric.grown(observations); grown != test.grown {
				t.Errorf("grown = %v, want %v", grown, test.grown)
			}
		})
	}
}
