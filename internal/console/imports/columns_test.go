package imports

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// TestColumns checks that every column in columnMeanings and sampleUsers exists.
func TestColumns(t *testing.T) {
	known := map[string]bool{}
	for _, c := range userfile.Columns() {
		known[c.Name] = true
		if c.Required && columnMeanings[c.Name] == "" {
			t.Errorf("the page calls the required column %s optional", c.Name)
		}
	}
	for name := range columnMeanings {
		if !known[name] {
			t.Errorf("the meaning of %s, which is no column", name)
		}
	}
	for i, u := range sampleUsers {
		for name := range u {
			if !known[name] {
				t.Errorf("user %d of the sample has %s, which is no column", i, name)
			}
		}
	}
}
