package access_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// VisibleIDs returns exactly the ids for which Decide returns Granted.
func TestVisibleIDsAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := setGenerator.Draw(t, "access")
		const self = 3
		for _, e := range []access.Entity{user, role, "widget"} {
			all, ids := a.VisibleIDs(read, e, self)
			for id := int64(1); id < 6; id++ {
				visible := all || slices.Contains(ids, id)
				if granted := a.Decide(read, e, id, self) == access.Granted; granted != visible {
					t.Fatalf("%+v: %s %d is visible: %v, granted: %v", a, e, id, visible, granted)
				}
			}
		}
	})
}
