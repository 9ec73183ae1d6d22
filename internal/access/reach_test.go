package access_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Reach lists exactly what Decide grants one by one.
func TestReachIsDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAccess.Draw(t, "access")
		const self = 3
		for _, e := range []access.Entity{user, role, "widget"} {
			all, ids := a.VisibleIDs(read, e, self)
			for id := int64(1); id < 6; id++ {
				reached := all || slices.Contains(ids, id)
				if granted := a.Decide(read, e, id, self) == access.Granted; granted != reached {
					t.Fatalf("%+v: %s %d is reached: %v, granted: %v", a, e, id, reached, granted)
				}
			}
		}
	})
}
