package passhash

import (
	"context"
	"fmt"
)

// Limits of the verifications of expensive hashes that wait or run. Such a hash takes up to a
// third of a second and runs alone. Without a limit, a few guesses a second would hold all slots,
// and no other sign-in would get one. With it, a verification waits for about 3 seconds at most.
const (
	maxExpensive           = 8
	maxExpensiveForAccount = 2
)

// expensive limits the verifications of hashes that cost more than the pool's own.
type expensive struct {
	places *admission
	turn   chan struct{} // semaphore of capacity 1, which serves in the order of arrival
}

func newExpensive() expensive {
	return expensive{
		places: newAdmission(maxExpensive, maxExpensiveForAccount), turn: make(chan struct{}, 1),
	}
}

// acquire waits until no other expensive hash is verified. It fails with [ErrBusy] at once if too
// many verifications wait, in total or for the account. It also fails if ctx ends. Call release
// after the verification.
func (e expensive) acquire(ctx context.Context, account string) (release func(), err error) {
	if !e.places.enter(account) {
		return nil, ErrBusy
	}
	select {
	case e.turn <- struct{}{}:
		return func() {
			<-e.turn
			e.places.leave(account)
		}, nil
	case <-ctx.Done():
		e.places.leave(account)
		return nil, fmt.Errorf("passhash: wait for another expensive hash: %w", ctx.Err())
	}
}
