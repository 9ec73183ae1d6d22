package passhash

import (
	"runtime"
	"testing"
	"time"
)

// Occupy takes the only slot of a pool with one core until the returned function
// is called.
func (p *Pool) Occupy(t *testing.T) (unblock func()) {
	t.Helper()
	if err := p.acquire(t.Context(), &p.bulk); err != nil {
		t.Fatal(err)
	}
	return p.release
}

// OccupyCostly takes the turn of costly hashes until the returned function is
// called.
func (p *Pool) OccupyCostly(t *testing.T) (unblock func()) {
	t.Helper()
	p.costly <- struct{}{}
	return func() { <-p.costly }
}

// AwaitWaiting returns once so many sign-ins and bulk hashes wait for a slot.
func (p *Pool) AwaitWaiting(t *testing.T, signIns, bulk int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		p.mu.Lock()
		there := len(p.signIns) == signIns && len(p.bulk) == bulk
		p.mu.Unlock()
		if there {
			return
		}
		runtime.Gosched()
	}
	t.Fatal("they never waited")
}

// CheckDecode fails when a text that decodes would not be written back, or has
// costs out of bounds.
func CheckDecode(t *testing.T, text string) {
	e, err := decode(text)
	if err != nil {
		return
	}
	if e.params.Memory > maxMemory || e.params.Passes > maxPasses || e.params.Threads > maxThreads || len(e.sum) < 16 {
		t.Errorf("%q decodes with costs out of bounds: %+v", text, e.params)
	}
	again, err := decode(e.String())
	if err != nil || again.String() != e.String() {
		t.Errorf("%q is not written back as it was read: %v", text, err)
	}
}
