// Package passhash hashes passwords with argon2id (RFC 9106), at most so many at
// once: a storm of sign-ins waits in a bounded queue instead of exhausting the
// memory or starving other requests, and bulk work takes only what sign-ins
// leave idle.
//
// A hash fills 19 MiB. Were they allocated each time, collecting and zeroing them, and
// the faults of pages that went back to the system meanwhile, would take a tenth of all
// time, and every request would wait for the collector. So hashes with the pool's own
// costs are computed in memory that is cleared and used again; minio/argon2 is
// golang.org/x/crypto/argon2 with that alone added, and a test compares the two.
//
// The package imports secret, minio/argon2, golang.org/x/crypto and the standard library.
package passhash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/argon2"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ErrBusy means that the queue of the pool is full; try again in a second.
var ErrBusy = errors.New("passhash: too many passwords wait to be hashed")

const (
	queuePerCore = 64
	idleTime     = 2 * time.Second // after which memory goes back to the system
)

// Pool hashes and verifies passwords, as many at once as it has cores.
type Pool struct {
	params   Params
	cores    int
	random   io.Reader
	dummy    string
	sum      summer
	idleTime *time.Timer
	costly   chan struct{} // full while a costly hash has its turn

	mu      sync.Mutex
	hashed  int            // hashes computed so far
	running int            // hashes under way, at most cores
	entered int            // tickets out, at most cores*queuePerCore
	shares  map[string]int // tickets out by who took them, at most half of all each
	signIns []chan struct{}
	bulk    []chan struct{}
}

// New makes a pool that computes at most cores hashes at once and reads salts
// from random.
func New(params Params, cores int, random io.Reader) (*Pool, error) {
	never, err := dummy(params, random)
	if err != nil {
		return nil, err
	}
	p := &Pool{
		params: params, cores: cores, random: random, dummy: never, costly: make(chan struct{}, 1), shares: map[string]int{},
		sum: argon2.NewIDKey(params.Passes, params.Memory, params.Threads),
	}
	p.idleTime = time.AfterFunc(idleTime, handBack)
	p.idleTime.Stop()
	return p, nil
}

// summer computes argon2id with fixed costs.
type summer func(password, salt, secret, data []byte, length uint32) []byte

// handBack gives the memory of hashes back to the system. What a sync.Pool holds is
// collected the second time that nobody has used it in between.
func handBack() {
	runtime.GC()
	debug.FreeOSMemory()
}

// Dummy returns a hash that no password matches and that costs as much to verify
// as any made now. It stands in for the hash of an account that does not exist.
func (p *Pool) Dummy() string { return p.dummy }

// Outdated reports whether a hash was made in another way than the pool's, so
// that its password should be hashed anew at the next sign-in.
func (p *Pool) Outdated(text string) bool {
	e, err := decode(text)
	return err != nil || e.params != p.params
}

// Hashed returns how many hashes the pool has computed, for tests that count.
func (p *Pool) Hashed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hashed
}

// Ticket is a place in the queue of the pool. It is taken before an account is
// looked up, so that a full queue says nothing of accounts, and must be left.
type Slot struct {
	pool *Pool
	who  string
	left sync.Once
}

// Enter takes a place for who, a network address say, or fails with [ErrBusy] at
// once. Nobody gets more than half of the places, so that one alone cannot keep
// all others out.
func (p *Pool) Acquire(who string) (*Slot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	places := p.cores * queuePerCore
	if p.entered >= places || p.shares[who] >= places/2 {
		return nil, ErrBusy
	}
	p.entered++
	p.shares[who]++
	return &Slot{pool: p, who: who}, nil
}

// Leave gives the place back. A second call does nothing.
func (t *Slot) Release() {
	t.left.Do(func() {
		t.pool.mu.Lock()
		defer t.pool.mu.Unlock()
		t.pool.entered--
		if t.pool.shares[t.who]--; t.pool.shares[t.who] == 0 {
			delete(t.pool.shares, t.who)
		}
	})
}

// Hash waits for its turn and hashes the password with the pool's costs. It
// fails when ctx ends first.
func (t *Slot) Hash(ctx context.Context, password secret.Text) (string, error) {
	return t.pool.hash(ctx, &t.pool.signIns, password)
}

// Verify waits for its turn and reports whether the password has the hash. Hashes
// that cost more than the pool's own are verified one at a time, so that they leave
// memory and cores to the others. It fails with [ErrMalformed], or when ctx ends
// first.
func (t *Slot) Verify(ctx context.Context, password secret.Text, text string) (bool, error) {
	if costly(t.pool.params, text) { // it waits here, where it holds no slot
		select {
		case t.pool.costly <- struct{}{}:
			defer func() { <-t.pool.costly }()
		case <-ctx.Done():
			return false, fmt.Errorf("passhash: wait for the costly hashes before: %w", ctx.Err())
		}
	}
	if err := t.pool.acquire(ctx, &t.pool.signIns); err != nil {
		return false, err
	}
	defer t.pool.release()
	return t.pool.verify(password, text)
}

// HashAll hashes many passwords and returns their hashes in the same order. It
// gets only slots that no sign-in waits for, and takes no place in the queue: its
// caller bounds how many passwords there are.
func (p *Pool) HashAll(ctx context.Context, passwords []secret.Text) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hashes := make([]string, len(passwords))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(p.cores, len(passwords)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(passwords)); i = next.Add(1) - 1 {
				text, err := p.hash(ctx, &p.bulk, passwords[i])
				if err != nil {
					cancel(err)
					return
				}
				hashes[i] = text
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return hashes, nil
}

func (p *Pool) hash(ctx context.Context, line *[]chan struct{}, password secret.Text) (string, error) {
	if err := p.acquire(ctx, line); err != nil {
		return "", err
	}
	defer p.release()
	return p.compute(password)
}

// acquire waits in a line (p.signIns or p.bulk) for a slot.
func (p *Pool) acquire(ctx context.Context, line *[]chan struct{}) error {
	p.mu.Lock()
	p.idleTime.Stop()
	if p.running < p.cores { // then nobody waits: release hands slots on
		p.running++
		p.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	*line = append(*line, turn)
	p.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, waiting := range *line {
		if waiting == turn {
			*line = append((*line)[:i], (*line)[i+1:]...)
			return fmt.Errorf("passhash: wait for a slot: %w", ctx.Err())
		}
	}
	p.handOn() // the turn came while ctx ended
	return fmt.Errorf("passhash: wait for a slot: %w", ctx.Err())
}

// release ends a hash and hands its slot on.
func (p *Pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hashed++
	p.handOn()
}

// handOn gives the slot to the first sign-in that waits, else to the first of
// the bulk work, else to nobody. The caller holds mu.
func (p *Pool) handOn() {
	for _, line := range []*[]chan struct{}{&p.signIns, &p.bulk} {
		if len(*line) > 0 {
			close((*line)[0])
			*line = (*line)[1:]
			return
		}
	}
	if p.running--; p.running == 0 {
		p.idleTime.Reset(idleTime)
	}
}
