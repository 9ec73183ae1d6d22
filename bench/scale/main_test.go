package main

import "testing"

func TestOperationsRun(t *testing.T) {
	e, err := open(t.Context(), "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	f, err := newFiller(t.Context(), e.store)
	if err == nil {
		err = f.fillTo(t.Context(), 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	if costs, err := e.costs(t.Context(), f); err != nil || len(costs) == 0 {
		t.Errorf("costs = %v, %v", costs, err)
	}
}
