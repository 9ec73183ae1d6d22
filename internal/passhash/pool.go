// Package passhash hashes and verifies passwords with argon2id (RFC 9106).
//
// A [Pool] computes at most one hash per core at a time. This bounds memory and leaves the
// processor to other requests. Two mechanisms decide which hash is computed next:
//
//   - Admission: a sign-in takes a [Slot] before any other work. The number of slots is
//     limited, in total and for each client. So is the number of slots that verify
//     expensive hashes, in total and for each account. Over a limit, the sign-in fails at
//     once with [ErrBusy].
//   - Scheduling: the cores are a semaphore with two queues. Sign-ins have priority; bulk
//     work, such as an import of users, runs when no sign-in waits.
//
// A hash with the default cost needs a buffer of 19 MiB. The pool clears and reuses these
// buffers. Allocating a new buffer for each hash would burden the garbage collector and
// delay every request. The module minio/argon2 is golang.org/x/crypto/argon2 with reusable
// buffers; a test compares the two. A pool that has been idle for 2 seconds returns its
// memory to the operating system.
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

// ErrBusy means that too many sign-ins wait. The client may try again after a second.
var ErrBusy = errors.New("passhash: too many passwords wait to be hashed")

const (
	slotsPerCore = 64
	idleTimeout  = 2 * time.Second // time without a hash after which the pool releases its memory
)

// Pool hashes and verifies passwords. It is safe for concurrent use.
type Pool struct {
	params    Params
	cores     int
	random    io.Reader
	dummyHash string
	argon2    argon2Func // computes argon2id with params
	idleTimer *time.Timer
	slots     *admission // the holders of slots, by client
	expensive expensive

	mu          sync.Mutex
	hashCount   int // hashes computed so far
	running     int // hashes being computed, at most cores
	signInQueue waitQueue
	bulkQueue   waitQueue
}

// waitQueue is a FIFO queue of goroutines that wait for a core. Each goroutine waits on its own
// channel, and closing the channel hands a core to the goroutine.
type waitQueue []chan struct{}

// New returns a pool that computes at most cores hashes at a time. It reads salts from
// random.
func New(params Params, cores int, random io.Reader) (*Pool, error) {
	dummyHash, err := newDummyHash(params, random)
	if err != nil {
		return nil, err
	}
	slots := cores * slotsPerCore
	p := &Pool{
		params:    params,
		cores:     cores,
		random:    random,
		dummyHash: dummyHash,
		argon2:    argon2.NewIDKey(params.Passes, params.Memory, params.Threads),
		slots:     newAdmission(slots, slots/2),
		expensive: newExpensive(),
	}
	p.idleTimer = time.AfterFunc(idleTimeout, releaseMemory)
	p.idleTimer.Stop()
	return p, nil
}

// argon2Func computes argon2id. Its cost parameters are fixed.
type argon2Func func(password, salt, secret, data []byte, length uint32) []byte

// releaseMemory returns the memory of the hash buffers to the operating system. This needs
// two garbage collections, since a sync.Pool keeps unused buffers during the first one.
// FreeOSMemory runs the second one.
func releaseMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}

// DummyHash returns a hash that no password matches. Verifying it costs as much as
// verifying any hash of the pool. A caller verifies it if an account does not exist, so
// that response times do not reveal which accounts exist.
func (p *Pool) DummyHash() string { return p.dummyHash }

// NeedsRehash reports whether a hash has another algorithm or other cost parameters than
// new hashes of the pool. If so, hash the password again at the next sign-in.
func (p *Pool) NeedsRehash(text string) bool {
	e, err := decode(text)
	return err != nil || e.params != p.params
}

// HashCount returns the number of hashes computed so far, including verifications. Tests
// use it to check that a request computes one hash.
func (p *Pool) HashCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hashCount
}

// Slot is the permission to hash and verify passwords for one sign-in. [Pool.Acquire]
// grants the slot and [Slot.Release] ends it. A caller acquires the slot before it looks up
// the account, so that [ErrBusy] does not depend on the account.
type Slot struct {
	pool     *Pool
	client   string
	released sync.Once
}

// Acquire returns a slot for a client, such as a network address. It fails with [ErrBusy]
// at once if no slot is free, or if the client has half of all slots. So one client cannot
// keep all others from signing in.
func (p *Pool) Acquire(client string) (*Slot, error) {
	if !p.slots.enter(client) {
		return nil, ErrBusy
	}
	return &Slot{pool: p, client: client}, nil
}

// Release frees the slot. A second call does nothing.
func (s *Slot) Release() {
	s.released.Do(func() { s.pool.slots.leave(s.client) })
}

// Hash waits for a core and hashes the password with the cost parameters of the pool. It
// fails if ctx ends while Hash waits.
func (s *Slot) Hash(ctx context.Context, password secret.Text) (string, error) {
	return s.pool.hash(ctx, &s.pool.signInQueue, password)
}

// Verify waits for a core and reports whether the password matches the hash text of an
// account. Hashes that cost more than the pool's own are verified one at a time, to leave
// memory, cores and slots to other sign-ins. If too many of them wait, in total or for the
// account, Verify fails with [ErrBusy] at once. It also fails with [ErrMalformed], or if ctx
// ends while it waits.
func (s *Slot) Verify(ctx context.Context, account string, password secret.Text, text string) (bool, error) {
	if isExpensive(s.pool.params, text) { // wait for its turn here, before acquiring a core
		release, err := s.pool.expensive.acquire(ctx, account)
		if err != nil {
			return false, err
		}
		defer release()
	}
	if err := s.pool.acquireCore(ctx, &s.pool.signInQueue); err != nil {
		return false, err
	}
	defer s.pool.releaseCore()
	return s.pool.verify(password, text)
}

// HashAll hashes many passwords, on all cores that no sign-in waits for. It returns the
// hashes in the order of the passwords. It needs no slot, so the caller must limit the
// number of passwords. It fails if ctx ends first.
func (p *Pool) HashAll(ctx context.Context, passwords []secret.Text) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hashes := make([]string, len(passwords))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(p.cores, len(passwords)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(passwords)); i = next.Add(1) - 1 {
				text, err := p.hash(ctx, &p.bulkQueue, passwords[i])
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

// hash waits in the queue for a core and hashes the password.
func (p *Pool) hash(ctx context.Context, queue *waitQueue, password secret.Text) (string, error) {
	if err := p.acquireCore(ctx, queue); err != nil {
		return "", err
	}
	defer p.releaseCore()
	return p.compute(password)
}

// acquireCore waits in queue for a core. queue is p.signInQueue or p.bulkQueue.
func (p *Pool) acquireCore(ctx context.Context, queue *waitQueue) error {
	p.mu.Lock()
	p.idleTimer.Stop()
	if p.running < p.cores { // then both queues are empty: handOff gives a free core to a waiting goroutine first
		p.running++
		p.mu.Unlock()
		return nil
	}
	ready := make(chan struct{})
	*queue = append(*queue, ready)
	p.mu.Unlock()

	select {
	case <-ready:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, waiting := range *queue {
		if waiting == ready {
			*queue = append((*queue)[:i], (*queue)[i+1:]...)
			return fmt.Errorf("passhash: wait for a core: %w", ctx.Err())
		}
	}
	p.handOff() // a core was handed to this goroutine while ctx ended; hand it to another one
	return fmt.Errorf("passhash: wait for a core: %w", ctx.Err())
}

// releaseCore increments the count of hashes and frees a core.
func (p *Pool) releaseCore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hashCount++
	p.handOff()
}

// handOff hands a core to the first goroutine in the sign-in queue, else to the first one
// in the bulk queue. If both queues are empty it frees the core. It starts the idle timer
// if no core is busy then. The caller must hold mu.
func (p *Pool) handOff() {
	for _, queue := range []*waitQueue{&p.signInQueue, &p.bulkQueue} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = (*queue)[1:]
			return
		}
	}
	if p.running--; p.running == 0 {
		p.idleTimer.Reset(idleTimeout)
	}
}
