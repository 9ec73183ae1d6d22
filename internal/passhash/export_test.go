package passhash

import (
	"runtime"
	"testing"
	"time"
)

// Occupy makes the only core of the pool unavailable until the test calls unblock.
func (p *Pool) Occupy(t *testing.T) (unblock func()) {
	t.Helper()
	if err := p.acquireCore(t.Context(), &p.bulkQueue); err != nil {
		t.Fatal(err)
	}
	return p.releaseCore
}

// OccupyExpensive keeps expensive hashes waiting until the test calls unblock. It takes no place.
func (p *Pool) OccupyExpensive(t *testing.T) (unblock func()) {
	t.Helper()
	p.expensive.turn <- struct{}{}
	return func() { <-p.expensive.turn }
}

// AwaitExpensive waits until the given number of verifications of expensive hashes wait or run.
func (p *Pool) AwaitExpensive(t *testing.T, want int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
		p.expensive.places.mu.Lock()
		holders := p.expensive.places.holders
		p.expensive.places.mu.Unlock()
		if holders == want {
			return
		}
	}
	t.Fatalf("there were never %d verifications of expensive hashes", want)
}

// AwaitWaiting waits until the given numbers of sign-ins and bulk hashes are waiting for a
// core.
func (p *Pool) AwaitWaiting(t *testing.T, signIns, bulk int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		p.mu.Lock()
		reached := len(p.signInQueue) == signIns && len(p.bulkQueue) == bulk
		p.mu.Unlock()
		if reached {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("the queues never held %d sign-ins and %d bulk hashes", signIns, bulk)
}

// CheckDecode fails the test if decode accepts text, but the result does not encode to text
// again or has cost parameters beyond the limits.
func CheckDecode(t *testing.T, text string) {
	e, err := decode(text)
	if err != nil {
		return
	}
	if e.params.Memory > maxMemory || e.params.Passes > maxPasses || e.params.Threads > maxThreads || len(e.sum) < 16 {
		t.Errorf("%q decodes with cost parameters beyond the limits: %+v", text, e.params)
	}
	again, err := decode(e.String())
	if err != nil || again.String() != e.String() {
		t.Errorf("%q does not encode to itself: %v", text, err)
	}
}
