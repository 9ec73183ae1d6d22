package main

import "testing"

// TestOperationsRun checks that every operation runs without an error, on a small database.
func TestOperationsRun(t *testing.T) {
	e, err := open(t.Context(), "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	s, err := newSeeder(t.Context(), e.store)
	if err == nil {
		err = s.seedUpTo(t.Context(), 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	if costs, err := e.costs(t.Context(), s); err != nil || len(costs) == 0 {
		t.Errorf("costs = %v, %v", costs, err)
	}
}
