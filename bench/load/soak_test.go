package main

import "testing"

// TestGrown: what comes and goes is no growth, and what stays is.
func TestGrown(t *testing.T) {
	memory := traits[0]
	for name, test := range map[string]struct {
		trait  trait
		values []float64
		grown  bool
	}{
		"flat":                       {memory, []float64{200, 200, 200, 200, 200, 200, 200, 200, 200}, false},
		"the memory of a hash more":  {memory, []float64{200, 200, 200, 200, 200, 200, 219, 219, 219}, false},
		"a peak":                     {memory, []float64{200, 200, 200, 200, 200, 200, 900, 200, 200}, false},
		"more and more":              {memory, []float64{200, 220, 240, 260, 280, 300, 320, 340, 360}, true},
		"a little more than at rest": {atRest, []float64{25, 28}, false},
		"more than at rest":          {atRest, []float64{25, 35}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var looks []look
			for _, v := range test.values {
				looks = append(looks, look{memory: v * mebi})
			}
			if _, _, grown := test.trait.grown(looks); grown != test.grown {
				t.Errorf("grown: %v, want %v", grown, test.grown)
			}
		})
	}
}
