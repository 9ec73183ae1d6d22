package auth

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Limits of one node's cache of principals.
const (
	maxPrincipals     = 50_000
	maxPrincipalBytes = 64 << 20
	// principalOverhead estimates the size of a principal without its texts and lists, in bytes.
	principalOverhead = 2 << 10
)

// principalCache maps the hash of a credential to its principal, and a user's id to that user's
// JSON (see userCache). It has no results while polls for invalidations fail; see
// [PollInterval]. When it exceeds a limit it evicts the least recently used entry.
type principalCache struct {
	mu       sync.Mutex
	entries  *simplelru.LRU[token.Hash, *cacheEntry]
	affected map[account.AuthChange]map[*cacheEntry]struct{} // the entries that each change invalidates
	users    userCache
	bytes    int
	maxBytes int
	// generation is the number of invalidations so far. A load that began in an earlier
	// generation may have read data that has changed since, so its result is not cached.
	generation uint64
	polledAt   time.Time // start of the last successful poll, by the monotonic clock
	databaseAt time.Time // the time polledAt by the database's clock
	number     int64     // number of the last change that the poll at polledAt returned
	lookups    PrincipalLookups
}

// PrincipalLookups counts look-ups of principals by where the principal came from.
type PrincipalLookups struct {
	Hits   uint64 // found in the cache
	Misses uint64 // read from the database: not cached, or the entry was no longer valid
	Stale  uint64 // read from the database: polls failed, so the cache may be out of date
}

// cacheEntry is a cached principal. Requests share it, so only its size may change.
type cacheEntry struct {
	hash      token.Hash
	principal account.Principal
	bytes     int
}

// newPrincipalCache returns a cache of at most maxEntries principals and maxBytes bytes.
// maxEntries must be at least 1.
func newPrincipalCache(maxEntries, maxBytes int) *principalCache {
	c := &principalCache{
		affected: map[account.AuthChange]map[*cacheEntry]struct{}{}, maxBytes: maxBytes, users: newUserCache(),
	}
	// NewLRU fails only for a size below 1.
	c.entries, _ = simplelru.NewLRU(maxEntries, func(_ token.Hash, e *cacheEntry) { c.evicted(e) })
	return c
}

// trusted reports whether the last successful poll is recent enough, at the given monotonic
// time, to use the cache.
func (c *principalCache) trusted(monotonic time.Time) bool {
	return !c.polledAt.IsZero() && monotonic.Sub(c.polledAt) < maxStaleness
}

// find returns the cached principal of a credential, or nil. Pass the returned generation to
// [principalCache.store]. monotonic is the monotonic time, now the service's time.
func (c *principalCache) find(hash token.Hash, monotonic, now time.Time) (p *account.Principal, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.trusted(monotonic) {
		c.lookups.Stale++
		return nil, c.generation
	}
	e, ok := c.entries.Get(hash)
	if !ok || !valid(&e.principal, now) {
		c.lookups.Misses++
		return nil, c.generation
	}
	c.lookups.Hits++
	found := e.principal
	return &found, c.generation
}

// store caches a principal, unless any entry was invalidated since the load of this principal
// began in generation.
func (c *principalCache) store(hash token.Hash, p *account.Principal, generation uint64, monotonic, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A user who is locked out is not cached: the lockout expires without a change that
	// invalidates the entry.
	if c.generation != generation || !c.trusted(monotonic) || !valid(p, now) || p.User.LockedOut {
		return
	}
	e := &cacheEntry{hash: hash, principal: *p, bytes: sizeOf(p)}
	e.principal.From = account.Origin{}
	e.principal.Encoding = account.NewEncoding(func(bytes int) { c.addSize(e, bytes) })
	c.entries.Remove(hash)
	for _, change := range dependsOn(&e.principal) {
		if c.affected[change] == nil {
			c.affected[change] = map[*cacheEntry]struct{}{}
		}
		c.affected[change][e] = struct{}{}
	}
	c.bytes += e.bytes
	c.entries.Add(hash, e)
	c.shrink()
}

// addSize adds bytes to the counted size of the entry e and of the cache, if e is still cached.
func (c *principalCache) addSize(e *cacheEntry, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if current, ok := c.entries.Peek(e.hash); !ok || current != e {
		return
	}
	e.bytes += bytes
	c.bytes += bytes
	c.shrink()
}

// shrink evicts entries until the size of the cache is at most maxBytes.
func (c *principalCache) shrink() {
	for c.bytes > c.maxBytes {
		c.entries.RemoveOldest()
	}
}

// evicted subtracts an entry that left the cache from the size and from affected.
func (c *principalCache) evicted(e *cacheEntry) {
	c.bytes -= e.bytes
	for _, change := range dependsOn(&e.principal) {
		delete(c.affected[change], e)
		if len(c.affected[change]) == 0 {
			delete(c.affected, change)
		}
	}
}

// lastNumber returns the number of the last change that the previous poll returned. The next
// poll reads the changes after this number. It returns 0 when the next poll must read changes by
// their age: after a gap of more than maxPollGap there may be too many changes since.
func (c *principalCache) lastNumber(monotonic time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if monotonic.Sub(c.polledAt) > maxPollGap {
		return 0
	}
	return c.number
}

// applyPoll invalidates the entries that a poll's changes affect, and sets the time up to which
// the cache is trusted. began is the monotonic time at which the poll began. applyPoll empties
// the cache when the poll may have missed changes.
func (c *principalCache) applyPoll(began time.Time, batch account.AuthChangeBatch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gap := batch.At.Sub(c.databaseAt); gap < 0 || gap > maxPollGap || len(batch.Changes) >= maxInvalidations {
		batch.Changes = []account.AuthChange{{Kind: account.AuthSettings}}
	}
	c.invalidateLocked(batch.Changes)
	if c.databaseAt, c.number = batch.At, batch.Last; began.After(c.polledAt) {
		c.polledAt = began
	}
}

// invalidate removes the entries that the changes affect.
func (c *principalCache) invalidate(changes []account.AuthChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.invalidateLocked(changes)
}

// invalidateLocked does the work of invalidate. The caller holds mu.
func (c *principalCache) invalidateLocked(changes []account.AuthChange) {
	if len(changes) > 0 {
		c.generation++
	}
	for _, change := range changes {
		for e := range c.affected[change] {
			c.entries.Remove(e.hash)
		}
		c.users.invalidate(change)
	}
}

// valid reports whether a cached principal may be used: its credential has not expired, and the
// time of its last use need not be stored again yet.
func valid(p *account.Principal, now time.Time) bool {
	return now.Before(p.LastUsed.Add(touchInterval)) && (p.Expires.IsZero() || now.Before(p.Expires))
}

// dependsOn returns every change that invalidates the principal.
func dependsOn(p *account.Principal) []account.AuthChange {
	credential := account.AuthChange{Kind: account.AuthKey, ID: p.Credential.ID}
	if p.Credential.Kind == account.CredentialSession {
		credential.Kind = account.AuthSession
	}
	changes := []account.AuthChange{{Kind: account.AuthSettings}, {Kind: account.AuthUser, ID: p.User.ID}, credential}
	for _, id := range p.User.RoleIDs {
		changes = append(changes, account.AuthChange{Kind: account.AuthRole, ID: id})
	}
	return changes
}

// sizeOf estimates the memory that a principal takes, in bytes.
func sizeOf(p *account.Principal) int {
	u := &p.User
	n := principalOverhead + u.Profile.Size() + len(u.Email) + len(u.Identifier) +
		len(p.Session.ClientNetwork) + len(p.Session.Device)
	const permission = 64
	for _, r := range p.Roles {
		n += len(r.Name) + len(r.Description)
		for _, held := range r.Permissions {
			n += permission + 8*len(held.IDs)
		}
	}
	for _, held := range p.Access.Permissions {
		n += permission + 8*len(held.IDs)
	}
	return n
}

// Lookups counts how principals were looked up since the server started.
func (s *Auth) Lookups() PrincipalLookups {
	s.principals.mu.Lock()
	defer s.principals.mu.Unlock()
	return s.principals.lookups
}
